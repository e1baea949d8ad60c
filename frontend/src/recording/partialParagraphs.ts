// Groups the segments of an unfinished transcript into paragraphs that can be read. Pure.
import type { Segment } from "../document/types";

const PAUSE_SECONDS = 2;
const LONG_CHARACTERS = 160;

/** A paragraph ends where the speaker changes, after a pause, and when it is long. */
export function paragraphsOf(segments: readonly Segment[]): Segment[][] {
  const paragraphs: Segment[][] = [];
  let length = 0;
  for (const segment of segments) {
    const last = paragraphs.at(-1)?.at(-1);
    const goesOn =
      last !== undefined &&
      last.speaker === segment.speaker &&
      segment.start - last.end < PAUSE_SECONDS &&
      length < LONG_CHARACTERS;
    if (goesOn) paragraphs.at(-1)!.push(segment);
    else paragraphs.push([segment]);
    length = goesOn ? length + segment.text.length : segment.text.length;
  }
  return paragraphs;
}
