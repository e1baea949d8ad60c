// Places of comments in texts. The server counts code points, the browser UTF-16 units. Pure.
import type { Schemas } from "../api/client";
import type { Segment } from "../document/types";

export type Thread = Schemas["ThreadOut"];

/** A part of the text of a segment, in UTF-16 units of what was heard. */
export interface SelectedPlace {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
}

export function codePoints(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

export function units(text: string, points: number): number {
  return [...text].slice(0, points).join("").length;
}

/** The body of the request for a comment at this place; null if the segment or the text is no longer there. */
export function requestFor(segments: readonly Segment[], { segment: id, from, to }: SelectedPlace, text: string) {
  const heard = segments.find((one) => one.id === id)?.text;
  const quote = heard?.slice(from, to);
  if (!heard || !quote) return null;
  return { text, segment_id: id, start: codePoints(heard, from), end: codePoints(heard, to), quote };
}

/** Where a thread is marked in the text on the page, which may be newer than the server's; null for nowhere. */
export function markedRange(thread: Thread, text: string): readonly [from: number, to: number] | null {
  const { state, start, end } = thread.place;
  if (state === "gone") return null;
  const from = units(text, start);
  const to = units(text, end);
  const same = state === "changed" || text.slice(from, to) === thread.quote;
  if (same) return from < to ? [from, to] : null;
  const moved = text.indexOf(thread.quote);
  return moved < 0 ? null : [moved, moved + thread.quote.length];
}
