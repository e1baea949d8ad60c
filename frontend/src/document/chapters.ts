// Chapters of a recording: the topics of its minutes, or else what begins after long pauses.
import type { Doc } from "./types";

export interface Chapter {
  readonly start: number;
  readonly title: string;
}

/** Seconds of silence after which something new may begin, and the least seconds of a chapter. */
const [PAUSE, SHORTEST] = [2, 90];
const TITLE = 18;

export function chaptersOf(doc: Doc, topics: readonly Chapter[]): Chapter[] {
  return topics.length ? topics.toSorted((a, b) => a.start - b.start) : chaptersByPauses(doc);
}

function chaptersByPauses({ segments }: Doc): Chapter[] {
  const found: Chapter[] = [];
  let spoken = 0;
  for (const { start, end, text } of segments) {
    const last = found.at(-1);
    if (text && (!last || (start - spoken >= PAUSE && start - last.start >= SHORTEST)))
      found.push({ start, title: text.length > TITLE ? `${text.slice(0, TITLE)}…` : text });
    spoken = Math.max(spoken, end);
  }
  return found.length > 1 ? found : [];
}

export interface Pause {
  readonly start: number;
  readonly end: number;
}

/** Seconds of silence that are kept before and after speech where silence is skipped. */
const KEPT = 0.3;

/** What may be skipped: where nobody speaks for longer than a second. */
export function pausesOf({ segments, duration }: Doc): Pause[] {
  const found: Pause[] = [];
  let spoken = 0;
  for (const { start, end } of [...segments, { start: duration, end: duration }]) {
    if (start - spoken > 1) found.push({ start: spoken === 0 ? 0 : spoken + KEPT, end: start - KEPT });
    spoken = Math.max(spoken, end);
  }
  return found;
}
