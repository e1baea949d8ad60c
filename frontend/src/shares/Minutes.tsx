// The minutes of a shared recording, in the order of their template.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError, type Schemas } from "../api/client";
import { clock } from "../document/time";
import { useWords } from "./problem";

type Shown = Schemas["SharedMinutes"];
type Statement = Schemas["Statement"];
type Seek = ((seconds: number) => void) | undefined;

/** `placed`: the segments are on this page too, so what a statement rests on can be looked at. */
export function Minutes({ id, seek, placed }: { id: string; seek: Seek; placed: boolean }) {
  const { t } = useTranslation();
  const words = useWords();
  const { data, error } = useQuery({
    queryKey: ["shared", id, "minutes"],
    queryFn: () => answer(api.GET("/api/shares/{share_id}/minutes", { params: { path: { share_id: id } } })),
  });
  const missing = error instanceof ApiError && error.code === "minutes_not_found";
  return (
    <section aria-labelledby="shared-minutes" className="shared-minutes">
      <h2 id="shared-minutes">{t("shared.minutes")}</h2>
      {error && <p role="alert">{missing ? t("shared.noMinutes") : words(error)}</p>}
      {!error && !data && <p role="status">{t("app.loading")}</p>}
      {data?.stale && <p className="shared-note">{t("shared.stale")}</p>}
      {data?.parts.map((part) => {
        const inside = partOf(data, part, seek, placed);
        return inside && <div key={part}><h3>{t(`shared.${part}` as "shared.headline")}</h3>{inside}</div>;
      })}
    </section>
  );
}

function partOf(minutes: Shown, part: string, seek: Seek, placed: boolean): ReactNode {
  const listed = (statements: readonly Statement[], lead: (number: number) => string = () => "") =>
    statements.length > 0 && (
      <ul>
        {statements.map((one, number) => <li key={number}>{lead(number) && <strong>{lead(number)} </strong>}<Said one={one} placed={placed} /></li>)}
      </ul>
    );
  switch (part) {
    case "headline":
      return minutes.headline && <p><Said one={minutes.headline} placed={placed} /></p>;
    case "overview":
    case "decisions":
    case "questions":
      return listed(minutes[part]);
    case "actions":
      return listed(minutes.actions, (number) => [minutes.actions[number]!.who, minutes.actions[number]!.when].filter(Boolean).join(" · "));
    case "speakers":
      return listed(minutes.speakers, (number) => minutes.speakers[number]!.name);
    case "keywords":
      return minutes.keywords.length > 0 && <p>{minutes.keywords.join(" · ")}</p>;
    case "topics":
      return minutes.topics.map((topic, number) => (
        <div key={number}>
          <p><strong>{topic.title}</strong> {seek ? <button type="button" onClick={() => seek(topic.start)}>{clock(topic.start)}</button> : <time>{clock(topic.start)}</time>}</p>
          {listed(topic.points ?? [])}
        </div>
      ));
    default:
      return null;
  }
}

function Said({ one, placed }: { one: Statement; placed: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      {one.text}
      {one.doubtful && <em> {t("shared.doubtful")}</em>}
      {placed && one.evidence[0] && <> <a href={`#segment-${one.evidence[0]}`} aria-label={t("shared.evidence")}>↓</a></>}
    </>
  );
}
