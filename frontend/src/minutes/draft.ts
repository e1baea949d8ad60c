// Minutes as they are edited: plain data with the operations of the editor, and the difference between two versions.
import type { Schemas } from "../api/client";
import type { Minutes } from "./MinutesText";

type Content = Minutes["content"];
export type Draft = Schemas["EditedMinutes"];
export type Action = Draft["actions"][number];
export type Meeting = Draft["meeting"];
/** A statement of any part. */
export type Item = Draft["overview"][number];
/** The parts whose statements are edited as a list of lines. */
export type ListPart = "overview" | "decisions" | "actions" | "questions" | "speakers";

export interface LineChange {
  readonly kind: "removed" | "added";
  readonly text: string;
}

/** What the server accepts: without the marks it sets itself. */
export function draftOf(content: Content): Draft {
  const bare = <One extends { edited?: boolean }>({ edited: _, ...one }: One) => one;
  return {
    title: content.title,
    meeting: content.meeting,
    headline: content.headline && bare(content.headline),
    overview: content.overview.map(bare),
    decisions: content.decisions.map(bare),
    questions: content.questions.map(bare),
    actions: content.actions.map(bare),
    speakers: content.speakers.map(bare),
    topics: content.topics.map((topic) => ({ ...bare(topic), points: topic.points.map(bare) })),
    keywords: content.keywords,
  };
}

/** Without lines that are empty: those are lines nobody has filled in. */
export function withoutEmptyLines(draft: Draft): Draft {
  const filled = <One extends { text: string }>(all: readonly One[]) => all.filter((one) => one.text.trim() !== "");
  return {
    ...draft,
    headline: draft.headline?.text.trim() ? draft.headline : null,
    overview: filled(draft.overview),
    decisions: filled(draft.decisions),
    questions: filled(draft.questions),
    actions: filled(draft.actions),
    speakers: filled(draft.speakers),
    topics: draft.topics
      .filter((topic) => topic.title.trim() !== "")
      .map((topic) => ({ ...topic, points: filled(topic.points) })),
    meeting: { ...draft.meeting, attachments: draft.meeting.attachments.filter((one) => one.name.trim() !== "") },
  };
}

/** The items with the one at `place` replaced. */
export function replaced<One>(items: readonly One[], place: number, one: One): One[] {
  return items.with(place, one);
}

/** The items with the one at `place` moved by a position, if that is possible. */
export function moved<One>(items: readonly One[], place: number, by: 1 | -1): One[] {
  const target = place + by;
  if (target < 0 || target >= items.length) return [...items];
  return items.toSpliced(place, 1).toSpliced(target, 0, items[place]!);
}

/** Moves the evidence `id` from one statement to another. */
export function withEvidenceMoved<One extends Item>(
  items: readonly One[],
  from: number,
  to: number,
  id: string,
): One[] {
  if (from === to || !items[to]) return [...items];
  return items.map((one, place) =>
    place === from
      ? { ...one, evidence: one.evidence.filter((other) => other !== id) }
      : place === to
        ? { ...one, evidence: one.evidence.includes(id) ? one.evidence : [...one.evidence, id] }
        : one,
  );
}

/** The lines that one version has and the other has not, in order. */
export function changedLines(before: Content, after: Content): LineChange[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const [oldSet, newSet] = [new Set(old), new Set(now)];
  return [
    ...old.filter((line) => !newSet.has(line)).map((text) => ({ kind: "removed", text }) as const),
    ...now.filter((line) => !oldSet.has(line)).map((text) => ({ kind: "added", text }) as const),
  ];
}

function linesOf(content: Content): string[] {
  const { meeting } = content;
  const actions = content.actions.map((one) =>
    [one.done ? "☑" : "☐", one.who, one.due ?? one.when, one.text].filter(Boolean).join(" "),
  );
  return [
    content.title,
    ...[meeting.held, meeting.place, meeting.attendees.join(", "), meeting.next_held, meeting.next_place],
    ...meeting.attachments.map((one) => `${one.name} ${one.url}`.trim()),
    content.headline?.text,
    ...[...content.overview, ...content.decisions].map((one) => one.text),
    ...actions,
    ...content.questions.map((one) => one.text),
    ...content.topics.flatMap((topic) => [topic.title, ...topic.points.map((one) => one.text)]),
    ...content.speakers.map((one) => `${one.name} ${one.text}`),
    content.keywords.join(" · "),
  ].filter((line): line is string => Boolean(line));
}
