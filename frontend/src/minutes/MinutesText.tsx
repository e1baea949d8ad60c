// The minutes themselves: their parts in the order of their template.
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { clock } from "../document/time";
import { PARTS, type Part } from "../templates/parts";
import { Cite, Evidence, type Places } from "./places";

export type Minutes = Schemas["MinutesAnswer"];
type Content = Minutes["content"];
type Statement = Schemas["Statement"];


export function MinutesText({ minutes, places }: { minutes: Minutes; places: Places }) {
  const { t } = useTranslation();
  const { content } = minutes;
  const wanted = Array.isArray(minutes.template.parts) ? PARTS.filter((part) => (minutes.template.parts as unknown[]).includes(part)) : PARTS;
  const order = Array.isArray(minutes.template.parts) ? (minutes.template.parts as unknown[]) : [...PARTS];
  const parts = wanted.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)).filter((part) => filled(content, part));
  return (
    <article className="minutes-text" lang={content.language}>
      <h2>{content.title}</h2>
      {parts.map((part) => (
        <section key={part}>
          <h3>{t(`minutes.parts.${part}`)}</h3>
          <OfPart part={part} content={content} places={places} />
        </section>
      ))}
      <Coverage content={content} places={places} />
    </article>
  );
}

function filled(content: Content, part: Part): boolean {
  const found = content[part];
  return Array.isArray(found) ? found.length > 0 : found !== null;
}

function OfPart({ part, content, places }: { part: Part; content: Content; places: Places }) {
  const { t } = useTranslation();
  switch (part) {
    case "headline":
      return content.headline && <p className="headline"><Said statement={content.headline} places={places} /></p>;
    case "overview":
    case "decisions":
    case "questions":
      return <Statements all={content[part]} places={places} />;
    case "actions":
      return (
        <Statements
          all={content.actions}
          places={places}
          more={(action) => (
            <>
              {action.who && <Tag>{t("minutes.who", { who: (action.speaker && places.nameOf(action.speaker)) || action.who })}</Tag>}
              {action.when && <Tag>{t("minutes.when", { when: action.when })}</Tag>}
            </>
          )}
        />
      );
    case "speakers":
      return <Statements all={content.speakers} places={places} before={(note) => <strong>{places.nameOf(note.speaker) ?? note.name}</strong>} />;
    case "topics":
      return (
        <ol className="topics">
          {content.topics.map((topic, number) => (
            <li key={number}>
              <div><Cite id={topic.evidence[0]!} places={places} label={clock(topic.start)} /> <strong>{topic.title}</strong></div>
              <Statements all={topic.points ?? []} places={places} />
            </li>
          ))}
        </ol>
      );
    case "keywords":
      return <p>{content.keywords.map((word) => <Tag key={word}>{word}</Tag>)}</p>;
  }
}

interface Listed<One> {
  all: readonly One[];
  places: Places;
  before?: (one: One) => ReactNode;
  more?: (one: One) => ReactNode;
}

function Statements<One extends Statement>({ all, places, before, more }: Listed<One>) {
  return (
    <ul>
      {all.map((one, number) => (
        <li key={number}>{before?.(one)} <Said statement={one} places={places} /> {more?.(one)}</li>
      ))}
    </ul>
  );
}

function Said({ statement, places }: { statement: Statement; places: Places }) {
  const { t } = useTranslation();
  return (
    <>
      {statement.text}
      {statement.doubtful && <span className="mark doubtful" title={t("minutes.doubtfulAbout")}> ⚠ {t("minutes.doubtful")}</span>}
      {" "}
      <Evidence ids={statement.evidence} places={places} />
    </>
  );
}

/** How much of the transcript was read, and what was left out. */
function Coverage({ content, places }: { content: Content; places: Places }) {
  const { t } = useTranslation();
  const { covered, segments, sections } = content.coverage;
  const missing = sections.filter((one) => !one.covered);
  return (
    <footer className="coverage">
      <small>{t("minutes.coverage", { covered, segments })}{content.dropped > 0 && ` ${t("minutes.dropped", { count: content.dropped })}`}</small>
      {missing.length > 0 && (
        <p className="problem">
          {t("minutes.unread")} {missing.map((one) => <Cite key={one.first} id={one.first} places={places} label={`${clock(one.start)}–${clock(one.end)}`} />)}
        </p>
      )}
    </footer>
  );
}
