// Moves the start and the end of a segment, within the limits that its neighbours set.
import type { Doc, Word } from "./types";

/** The shortest length of a segment whose times are moved, in seconds. */
export const SHORTEST = 0.1;

/** From when until when the segment at `index` may start. It may overlap the one before only if it already does. */
export function startRange(doc: Doc, index: number): readonly [earliest: number, latest: number] {
  const segment = doc.segments[index]!;
  const before = doc.segments[index - 1];
  const earliest = before ? (before.end <= segment.start ? before.end : before.start) : 0;
  const after = doc.segments[index + 1]?.start ?? Infinity;
  return [earliest, Math.max(segment.start, Math.min(segment.end - SHORTEST, after))];
}

/** From when until when the segment at `index` may end. */
export function endRange(doc: Doc, index: number): readonly [earliest: number, latest: number] {
  const segment = doc.segments[index]!;
  const after = doc.segments[index + 1]?.start ?? Infinity;
  const latest = after >= segment.end ? after : Infinity;
  return [Math.min(segment.end, segment.start + SHORTEST), Math.max(segment.end, Math.min(latest, doc.duration))];
}

/** Moves the start of a segment; a time outside its limits becomes the nearest one within. */
export function setStart(doc: Doc, id: string, time: number): Doc {
  return move(doc, id, (index) => [within(time, startRange(doc, index)), doc.segments[index]!.end]);
}

/** Moves the end of a segment; a time outside its limits becomes the nearest one within. */
export function setEnd(doc: Doc, id: string, time: number): Doc {
  return move(doc, id, (index) => [doc.segments[index]!.start, within(time, endRange(doc, index))]);
}

function move(doc: Doc, id: string, timesOf: (index: number) => readonly [start: number, end: number]): Doc {
  const index = doc.segments.findIndex((one) => one.id === id);
  const segment = doc.segments[index];
  if (!segment) return doc;
  const [start, end] = timesOf(index);
  if (start === segment.start && end === segment.end) return doc;
  const moved = { ...segment, start, end, words: fitWords(segment.words, start, end), source: "edited" as const };
  return { ...doc, segments: doc.segments.with(index, moved) };
}

/** Words outside share the time up to the first word inside; all others keep their times. */
function fitWords(words: readonly Word[], start: number, end: number): readonly Word[] {
  const inside = words.map((word) => word[1] >= start && word[2] <= end);
  const first = inside.indexOf(true);
  if (first < 0) return spread(words, start, end);
  const last = inside.lastIndexOf(true);
  return [
    ...spread(words.slice(0, first), start, words[first]![1]),
    ...words.slice(first, last + 1).map(([text, from, to]): Word => [text, Math.max(from, start), Math.min(to, end)]),
    ...spread(words.slice(last + 1), words[last]![2], end),
  ];
}

/** A run of words that all lie within, or evenly over the time where one does not. */
function spread(words: readonly Word[], from: number, to: number): readonly Word[] {
  if (words.every((word) => word[1] >= from && word[2] <= to)) return words;
  const each = (to - from) / words.length;
  return words.map(([text], at): Word => [text, from + at * each, from + (at + 1) * each]);
}

function within(time: number, [earliest, latest]: readonly [number, number]): number {
  return Math.max(earliest, Math.min(time, latest));
}
