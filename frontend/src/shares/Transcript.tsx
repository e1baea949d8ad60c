// The transcript of a shared recording, to read; a time plays from there.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError } from "../api/client";
import { clock } from "../document/time";
import { colourOf } from "../recording/names";
import type { Listening } from "./listening";
import { useWords } from "./problem";

export function Transcript({ id, listening }: { id: string; listening: Listening | undefined }) {
  const { t } = useTranslation();
  const words = useWords();
  const list = useRef<HTMLOListElement>(null);
  const { data, error } = useQuery({
    queryKey: ["shared", id, "transcript"],
    queryFn: () => answer(api.GET("/api/shares/{share_id}/transcript", { params: { path: { share_id: id } } })),
  });
  useEffect(() => {
    if (data && list.current) listening?.show(data.segments.map(({ start }, number) => ({ start, element: list.current!.children[number] as HTMLElement })));
  }, [data, listening]);
  const missing = error instanceof ApiError && error.code === "transcript_not_found";
  const names = new Map(data?.speakers.map((speaker) => [speaker.id, speaker.name]));
  return (
    <section aria-labelledby="shared-transcript">
      <h2 id="shared-transcript">{t("shared.transcript")}</h2>
      {error && <p role="alert">{missing ? t("shared.noTranscript") : words(error)}</p>}
      {!error && !data && <p role="status">{t("app.loading")}</p>}
      {data?.segments.length === 0 && <p>{t("shared.silent")}</p>}
      <ol ref={list} className="shared-text">
        {data?.segments.map((segment) => (
          <li key={segment.id} id={`segment-${segment.id}`} style={{ borderColor: colourOf(data.speakers, segment.speaker) }}>
            <p className="shared-who">
              {data.speakers.length > 0 && <strong>{names.get(segment.speaker ?? "") ?? t("shared.unknown")}</strong>}
              {listening ? (
                <button type="button" aria-label={t("shared.playFrom", { time: clock(segment.start) })} onClick={() => listening.seek(segment.start)}>{clock(segment.start)}</button>
              ) : (
                <time>{clock(segment.start)}</time>
              )}
            </p>
            <p>{segment.text || t("shared.unrecognised")}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
