// The text of the minutes: the sections in the order of the template.
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { formatTime } from "../document/time";
import { PARTS, type Part } from "../templates/parts";
import { Citation, Citations, type SegmentLinks } from "./citations";

export type Minutes = Schemas["MinutesAnswer"];
type Content = Minutes["content"];
type Statement = Schemas["Statement"];

export function MinutesText({ minutes, links }: { minutes: Minutes; links: SegmentLinks }) {
  const { t } = useTranslation();
  const { content } = minutes;
  const included = Array.isArray(minutes.template.parts)
    ? PARTS.filter((part) => (minutes.template.parts as unknown[]).includes(part))
    : PARTS;
  const order = Array.isArray(minutes.template.parts) ? (minutes.template.parts as unknown[]) : [...PARTS];
  const parts = included
    .toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
    .filter((part) => hasContent(content, part));
  return (
    <article className="minutes-text" lang={content.language}>
      <h2>{content.title}</h2>
      {parts.map((part) => (
        <section key={part}>
          <h3>{t(`minutes.parts.${part}`)}</h3>
          <PartContent part={part} content={content} links={links} />
        </section>
      ))}
      <Coverage content={content} links={links} />
    </article>
  );
}

function hasContent(content: Content, part: Part): boolean {
  const found = content[part];
  return Array.isArray(found) ? found.length > 0 : found !== null;
}

function PartContent({ part, content, links }: { part: Part; content: Content; links: SegmentLinks }) {
  const { t } = useTranslation();
  switch (part) {
    case "headline":
      return (
        content.headline && (
          <p className="headline">
            <StatementText statement={content.headline} links={links} />
          </p>
        )
      );
    case "overview":
    case "decisions":
    case "questions":
      return <Statements all={content[part]} links={links} />;
    case "actions":
      return (
        <Statements
          all={content.actions}
          links={links}
          more={(action) => (
            <>
              {action.who && (
                <Tag>{t("minutes.who", { who: (action.speaker && links.nameOf(action.speaker)) || action.who })}</Tag>
              )}
              {action.when && <Tag>{t("minutes.when", { when: action.when })}</Tag>}
            </>
          )}
        />
      );
    case "speakers":
      return (
        <Statements
          all={content.speakers}
          links={links}
          before={(note) => <strong>{links.nameOf(note.speaker) ?? note.name}</strong>}
        />
      );
    case "topics":
      return (
        <ol className="topics">
          {content.topics.map((topic, number) => (
            <li key={number}>
              <div>
                <Citation id={topic.evidence[0]!} links={links} label={formatTime(topic.start)} />{" "}
                <strong>{topic.title}</strong>
              </div>
              <Statements all={topic.points ?? []} links={links} />
            </li>
          ))}
        </ol>
      );
    case "keywords":
      return (
        <p>
          {content.keywords.map((word) => (
            <Tag key={word}>{word}</Tag>
          ))}
        </p>
      );
  }
}

interface StatementsProps<One> {
  all: readonly One[];
  links: SegmentLinks;
  before?: (one: One) => ReactNode;
  more?: (one: One) => ReactNode;
}

function Statements<One extends Statement>({ all, links, before, more }: StatementsProps<One>) {
  return (
    <ul>
      {all.map((one, number) => (
        <li key={number}>
          {before?.(one)} <StatementText statement={one} links={links} /> {more?.(one)}
        </li>
      ))}
    </ul>
  );
}

function StatementText({ statement, links }: { statement: Statement; links: SegmentLinks }) {
  const { t } = useTranslation();
  return (
    <>
      {statement.text}
      {statement.doubtful && (
        <span className="review-flag doubtful" title={t("minutes.doubtfulAbout")}>
          {" "}
          ⚠ {t("minutes.doubtful")}
        </span>
      )}{" "}
      <Citations ids={statement.evidence} links={links} />
    </>
  );
}

/** How much of the transcript the minutes cover. */
function Coverage({ content, links }: { content: Content; links: SegmentLinks }) {
  const { t } = useTranslation();
  const { covered, segments, sections } = content.coverage;
  const missing = sections.filter((one) => !one.covered);
  return (
    <footer className="coverage">
      <small>
        {t("minutes.coverage", { covered, segments })}
        {content.dropped > 0 && ` ${t("minutes.dropped", { count: content.dropped })}`}
      </small>
      {missing.length > 0 && (
        <p className="problem">
          {t("minutes.unread")}{" "}
          {missing.map((one) => (
            <Citation
              key={one.first}
              id={one.first}
              links={links}
              label={`${formatTime(one.start)}–${formatTime(one.end)}`}
            />
          ))}
        </p>
      )}
    </footer>
  );
}
