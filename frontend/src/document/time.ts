// From seconds to places in the text, and back.
import type { Segment } from "./types";
import { places } from "./words";

/** The number of the last thing that begins at or before `time`; -1 before the first. */
export function lastBefore<Thing>(things: readonly Thing[], time: number, start: (thing: Thing) => number): number {
  let low = 0;
  let high = things.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(things[middle]!) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function segmentAt(segments: readonly Segment[], time: number): number {
  return lastBefore(segments, time, (segment) => segment.start);
}

/** The range of text that is heard at `time`; none in a pause. */
export function rangeAt(segment: Segment, time: number): readonly [from: number, to: number] | null {
  const number = lastBefore(segment.words, time, (word) => word[1]);
  const word = segment.words[number];
  // Between two words of one breath the last one stays lit, so that nothing flickers.
  if (!word || time > word[2] + 0.3) return null;
  return standing(segment)[number] ?? null;
}

/** When the character at `offset` is heard. */
export function timeAt(segment: Segment, offset: number): number {
  const found = standing(segment).findIndex((place) => place !== null && place[1] > offset);
  if (found >= 0) return segment.words[found]![1];
  return segment.words.at(-1)?.[1] ?? segment.start;
}

/** 1:02:03, or 02:03 below an hour. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return (hours ? [String(hours), ...parts] : parts).join(":");
}

// Places are counted once a segment: segments are values.
const known = new WeakMap<Segment, ReturnType<typeof places>>();

function standing(segment: Segment) {
  let found = known.get(segment);
  if (!found) known.set(segment, (found = places(segment.text, segment.words)));
  return found;
}
