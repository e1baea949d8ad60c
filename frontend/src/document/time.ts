// Converts between times and positions in the text.
import type { Segment } from "./types";
import { wordRanges } from "./words";

/** The index of the last item that starts at or before `time`; -1 if there is none. */
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

/** The range of text spoken at `time`; null in a pause. */
export function rangeAt(segment: Segment, time: number): readonly [from: number, to: number] | null {
  const number = lastBefore(segment.words, time, (word) => word[1]);
  const word = segment.words[number];
  // In a short gap the last word stays highlighted, so that nothing flickers.
  if (!word || time > word[2] + 0.3) return null;
  return wordRangesOf(segment)[number] ?? null;
}

/** The time at which the character at `offset` is spoken. */
export function timeAt(segment: Segment, offset: number): number {
  const found = wordRangesOf(segment).findIndex((place) => place !== null && place[1] > offset);
  if (found >= 0) return segment.words[found]![1];
  return segment.words.at(-1)?.[1] ?? segment.start;
}

/** 1:02:03, or 02:03 below an hour. */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return (hours ? [String(hours), ...parts] : parts).join(":");
}

/** 1:02:03.45, or 02:03.4 below an hour: in hundredths, without zeros at the end. */
export function formatPreciseTime(seconds: number): string {
  const hundredths = Math.round(Math.max(0, seconds) * 100);
  const fraction = String(hundredths % 100)
    .padStart(2, "0")
    .replace(/0$/, "");
  return `${formatTime(Math.floor(hundredths / 100))}.${fraction}`;
}

/** The seconds of what a person typed: 62.5, 1:02.5 or 0:01:02.5; null for anything else. */
export function parseTime(text: string): number | null {
  const parts = text.trim().replaceAll("：", ":").split(":");
  if (parts.length > 3 || !parts.every((part, at) => (at < parts.length - 1 ? /^\d+$/ : /^\d+(\.\d+)?$/).test(part)))
    return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

// Computed once per segment: segments are immutable.
const known = new WeakMap<Segment, ReturnType<typeof wordRanges>>();

function wordRangesOf(segment: Segment) {
  let found = known.get(segment);
  if (!found) known.set(segment, (found = wordRanges(segment.text, segment.words)));
  return found;
}
