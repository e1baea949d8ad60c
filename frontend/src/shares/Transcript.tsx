// The transcript of a shared recording. Clicking a time plays from there.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, unwrap } from "../api/client";
import { chooseWrittenForm, useWrittenForm } from "../app/writtenForm";
import { formatTime } from "../document/time";
import { type Span, toUtf16, write } from "../document/written";
import { colorOf } from "../recording/names";
import { useErrorText } from "./useErrorText";
import type { SharedAudio } from "./useSharedAudio";

/** Visitors have no account: one choice for all links opened in this browser. */
const VISITOR = "visitor";
const NO_SPANS: readonly Span[] = [];

export function Transcript({ id, listening }: { id: string; listening: SharedAudio | undefined }) {
  const { t } = useTranslation();
  const words = useErrorText();
  const list = useRef<HTMLOListElement>(null);
  const { data, error } = useQuery({
    queryKey: ["shared", id, "transcript"],
    queryFn: () => unwrap(api.GET("/api/shares/{share_id}/transcript", { params: { path: { share_id: id } } })),
  });
  const form = useWrittenForm(VISITOR);
  const { data: written } = useQuery({
    queryKey: ["shared", id, "written-form", data?.number],
    queryFn: () =>
      unwrap(api.GET("/api/shares/{share_id}/transcript/written-form", { params: { path: { share_id: id } } })),
    enabled: form.numbers && !!data?.segments.length,
  });
  // A version published in between has other texts: its spans are not for these.
  const fits = form.numbers && written?.number === data?.number;
  const textOf = (segment: { id: string; text: string }) => {
    const spans = fits ? (written?.segments[segment.id] as readonly Span[] | undefined) : undefined;
    return write(segment.text, spans ? toUtf16(segment.text, spans) : NO_SPANS);
  };
  useEffect(() => {
    if (data && list.current)
      listening?.show(
        data.segments.map(({ start }, number) => ({ start, element: list.current!.children[number] as HTMLElement })),
      );
  }, [data, listening]);
  const missing = error instanceof ApiError && error.code === "transcript_not_found";
  const names = new Map(data?.speakers.map((speaker) => [speaker.id, speaker.name]));
  return (
    <section aria-labelledby="shared-transcript">
      <h2 id="shared-transcript">{t("shared.transcript")}</h2>
      {!!data?.segments.length && (
        <label className="shared-note">
          <input
            type="checkbox"
            checked={form.numbers}
            onChange={(event) => chooseWrittenForm(VISITOR, { ...form, numbers: event.target.checked })}
          />{" "}
          {t("shared.numbers")}
        </label>
      )}
      {error && <p role="alert">{missing ? t("shared.noTranscript") : words(error)}</p>}
      {!error && !data && <p role="status">{t("app.loading")}</p>}
      {data?.segments.length === 0 && <p>{t("shared.silent")}</p>}
      <ol ref={list} className="shared-text">
        {data?.segments.map((segment) => (
          <li
            key={segment.id}
            id={`segment-${segment.id}`}
            style={{ borderColor: colorOf(data.speakers, segment.speaker) }}
          >
            <p className="shared-speaker">
              {data.speakers.length > 0 && <strong>{names.get(segment.speaker ?? "") ?? t("shared.unknown")}</strong>}
              {listening ? (
                <button
                  type="button"
                  aria-label={t("shared.playFrom", { time: formatTime(segment.start) })}
                  onClick={() => listening.seek(segment.start)}
                >
                  {formatTime(segment.start)}
                </button>
              ) : (
                <time>{formatTime(segment.start)}</time>
              )}
            </p>
            <p>{textOf(segment) || t("shared.unrecognized")}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
