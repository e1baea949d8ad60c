// The minutes of a shared recording, with sections in the order of the template.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, type Schemas, unwrap } from "../api/client";
import { formatTime } from "../document/time";
import { useErrorText } from "./useErrorText";

type SharedMinutes = Schemas["SharedMinutes"];
type Statement = Schemas["Statement"];
type Seek = ((seconds: number) => void) | undefined;

/** `linked`: the transcript is on this page too, so statements link to their segments. */
export function Minutes({ id, seek, linked }: { id: string; seek: Seek; linked: boolean }) {
  const { t } = useTranslation();
  const words = useErrorText();
  const { data, error } = useQuery({
    queryKey: ["shared", id, "minutes"],
    queryFn: () => unwrap(api.GET("/api/shares/{share_id}/minutes", { params: { path: { share_id: id } } })),
  });
  const missing = error instanceof ApiError && error.code === "minutes_not_found";
  return (
    <section aria-labelledby="shared-minutes" className="shared-minutes">
      <h2 id="shared-minutes">{t("shared.minutes")}</h2>
      {error && <p role="alert">{missing ? t("shared.noMinutes") : words(error)}</p>}
      {!error && !data && <p role="status">{t("app.loading")}</p>}
      {data?.stale && <p className="shared-note">{t("shared.stale")}</p>}
      {data?.parts.map((part) => {
        const content = partOf(data, part, seek, linked);
        return (
          content && (
            <div key={part}>
              <h3>{t(`shared.${part}` as "shared.headline")}</h3>
              {content}
            </div>
          )
        );
      })}
    </section>
  );
}

function partOf(minutes: SharedMinutes, part: string, seek: Seek, placed: boolean): ReactNode {
  const listed = (statements: readonly Statement[], lead: (number: number) => string = () => "") =>
    statements.length > 0 && (
      <ul>
        {statements.map((one, number) => (
          <li key={number}>
            {lead(number) && <strong>{lead(number)} </strong>}
            <StatementText one={one} placed={placed} />
          </li>
        ))}
      </ul>
    );
  switch (part) {
    case "headline":
      return (
        minutes.headline && (
          <p>
            <StatementText one={minutes.headline} placed={placed} />
          </p>
        )
      );
    case "overview":
    case "decisions":
    case "questions":
      return listed(minutes[part]);
    case "actions":
      return listed(minutes.actions, (number) =>
        [minutes.actions[number]!.who, minutes.actions[number]!.when].filter(Boolean).join(" · "),
      );
    case "speakers":
      return listed(minutes.speakers, (number) => minutes.speakers[number]!.name);
    case "keywords":
      return minutes.keywords.length > 0 && <p>{minutes.keywords.join(" · ")}</p>;
    case "topics":
      return minutes.topics.map((topic, number) => (
        <div key={number}>
          <p>
            <strong>{topic.title}</strong>{" "}
            {seek ? (
              <button type="button" onClick={() => seek(topic.start)}>
                {formatTime(topic.start)}
              </button>
            ) : (
              <time>{formatTime(topic.start)}</time>
            )}
          </p>
          {listed(topic.points ?? [])}
        </div>
      ));
    default:
      return null;
  }
}

function StatementText({ one, placed }: { one: Statement; placed: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      {one.text}
      {one.doubtful && <em> {t("shared.doubtful")}</em>}
      {placed && one.evidence[0] && (
        <>
          {" "}
          <a href={`#segment-${one.evidence[0]}`} aria-label={t("shared.evidence")}>
            ↓
          </a>
        </>
      )}
    </>
  );
}
