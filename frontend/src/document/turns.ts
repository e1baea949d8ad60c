// Turns of speakers: what one person says until somebody else does.
import type { Doc, Segment } from "./types";

/** The first segment of the speaker's next turn after `time`, or of the last one before it. */
export function turnOf(doc: Doc, speaker: string, time: number, by: 1 | -1): Segment | undefined {
  const begins = doc.segments.filter(
    (one, number) => one.speaker === speaker && doc.segments[number - 1]?.speaker !== speaker,
  );
  return by === 1 ? begins.find((one) => one.start > time) : begins.findLast((one) => one.start < time);
}

export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Seconds of each sample. */
const SAMPLE = 4;

/** Up to three samples of a speaker, from the longest segments: they are the easiest to recognize. In order of time. */
export function samplesOf(doc: Doc, speaker: string): Part[] {
  return doc.segments
    .filter((one) => one.speaker === speaker && one.end > one.start)
    .toSorted((a, b) => b.end - b.start - (a.end - a.start))
    .slice(0, 3)
    .map(({ start, end }) => ({ start, end: Math.min(end, start + SAMPLE) }))
    .toSorted((a, b) => a.start - b.start);
}
