// The text of the minutes: the sections in the order of the template.
import { Checkbox, Tag } from "antd";
import { Fragment, type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { formatTime } from "../document/time";
import { PARTS, type Part } from "../templates/parts";
import { Citation, Citations, type SegmentLinks } from "./citations";

export type Minutes = Schemas["MinutesAnswer"];
type Content = Minutes["content"];
type Statement = Schemas["Statement"];

interface MinutesTextProps {
  minutes: Minutes;
  links: SegmentLinks;
  /** Ticks a task, by its position; tasks have no boxes where it is missing. */
  onTick?: (place: number, done: boolean) => void;
}

export function MinutesText({ minutes, links, onTick }: MinutesTextProps) {
  const { t } = useTranslation();
  const { content } = minutes;
  const parts = partsOf(minutes).filter((part) => hasContent(content, part));
  return (
    <article className="minutes-text" lang={content.language}>
      <h2>{content.title}</h2>
      <MeetingFacts meeting={content.meeting} />
      {parts.map((part) => (
        <section key={part}>
          <h3>{t(`minutes.parts.${part}`)}</h3>
          <PartContent part={part} content={content} links={links} onTick={onTick} />
        </section>
      ))}
      <Coverage content={content} links={links} />
    </article>
  );
}

/** The parts of the template that the minutes were written with, in its order. */
export function partsOf({ template }: Minutes): readonly Part[] {
  const order = template.parts;
  if (!Array.isArray(order)) return PARTS;
  return PARTS.filter((part) => order.includes(part)).toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
}

function hasContent(content: Content, part: Part): boolean {
  const found = content[part];
  return Array.isArray(found) ? found.length > 0 : found !== null;
}

function MeetingFacts({ meeting }: { meeting: Content["meeting"] }) {
  const { t, i18n } = useTranslation();
  const moment = (at: string | null | undefined) =>
    at ? new Date(at).toLocaleString(i18n.language, { dateStyle: "long", timeStyle: "short" }) : "";
  const facts = [
    ["held", moment(meeting.held)],
    ["place", meeting.place],
    ["attendees", meeting.attendees.join(t("app.comma"))],
    ["next", [moment(meeting.next_held), meeting.next_place].filter(Boolean).join(t("app.comma"))],
  ] as const;
  const entered = facts.filter(([, value]) => value);
  if (!entered.length && !meeting.attachments.length) return null;
  return (
    <dl className="minutes-meeting">
      {entered.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{t(`minutes.meeting.${name}`)}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
      {meeting.attachments.length > 0 && (
        <>
          <dt>{t("minutes.meeting.attachments")}</dt>
          <dd>
            {meeting.attachments.map((one, number) => (
              <div key={number}>
                {one.url ? (
                  <a href={one.url} target="_blank" rel="noreferrer noopener">
                    {one.name}
                  </a>
                ) : (
                  one.name
                )}
              </div>
            ))}
          </dd>
        </>
      )}
    </dl>
  );
}

interface PartContentProps extends Pick<MinutesTextProps, "links" | "onTick"> {
  part: Part;
  content: Content;
}

function PartContent({ part, content, links, onTick }: PartContentProps) {
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
          before={(action, place) => (
            <Checkbox
              checked={action.done}
              disabled={!onTick}
              aria-label={t("minutes.done", { text: action.text })}
              onChange={(event) => onTick?.(place, event.target.checked)}
            />
          )}
          more={(action) => (
            <>
              {action.who && (
                <Tag>{t("minutes.who", { who: (action.speaker && links.nameOf(action.speaker)) || action.who })}</Tag>
              )}
              {(action.due || action.when) && <Tag>{t("minutes.when", { when: action.due ?? action.when })}</Tag>}
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
                {topic.evidence[0] && <Citation id={topic.evidence[0]} links={links} label={formatTime(topic.start)} />}{" "}
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
            <Keyword key={word} word={word} links={links} />
          ))}
        </p>
      );
  }
}

interface StatementsProps<One> {
  all: readonly One[];
  links: SegmentLinks;
  before?: (one: One, place: number) => ReactNode;
  more?: (one: One) => ReactNode;
}

function Statements<One extends Statement>({ all, links, before, more }: StatementsProps<One>) {
  return (
    <ul>
      {all.map((one, number) => (
        <li key={number}>
          {before?.(one, number)} <StatementText statement={one} links={links} /> {more?.(one)}
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

/** A keyword: each click plays the next place where it was said. */
function Keyword({ word, links }: { word: string; links: SegmentLinks }) {
  const { t } = useTranslation();
  const last = useRef(-1);
  const places = links.saying(word);
  if (places.length === 0) return <Tag>{word}</Tag>;
  return (
    <button
      type="button"
      className="keyword"
      title={t("minutes.keywordAbout", { count: places.length })}
      onClick={() => {
        last.current = (last.current + 1) % places.length;
        links.play(places[last.current]!);
      }}
    >
      {word} <small>{places.length}</small>
    </button>
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
        {t("minutes.coverage", { covered, count: segments })}
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
