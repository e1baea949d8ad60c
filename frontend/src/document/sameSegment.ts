// Compares segments by value: what comes from the server is another object for the same segment.
import type { Segment, Word } from "./types";

export function sameSegment(one: Segment, other: Segment): boolean {
  return one === other || (one.id === other.id && sameSaid(one, other) && sameWho(one, other) && sameRest(one, other));
}

export function sameSegments(some: readonly Segment[], others: readonly Segment[]): boolean {
  return some.length === others.length && some.every((one, number) => sameSegment(one, others[number]!));
}

/** Whether the text, its words and their times are the same. */
export function sameSaid(one: Segment, other: Segment): boolean {
  return (
    one.text === other.text &&
    one.start === other.start &&
    one.end === other.end &&
    (one.words === other.words ||
      (one.words.length === other.words.length && one.words.every((word, at) => sameWord(word, other.words[at]!))))
  );
}

/** Whether the speakers, and how sure they are, are the same. */
export function sameWho(one: Segment, other: Segment): boolean {
  return (
    (one.speaker ?? null) === (other.speaker ?? null) &&
    (one.second_speaker ?? null) === (other.second_speaker ?? null) &&
    (one.confidence ?? null) === (other.confidence ?? null)
  );
}

/** Whether everything else is the same. Where a text is from (`source`) follows from what was changed. */
function sameRest(one: Segment, other: Segment): boolean {
  return (
    one.overlap === other.overlap &&
    (one.error ?? null) === (other.error ?? null) &&
    (one.unsure ?? false) === (other.unsure ?? false) &&
    one.source === other.source
  );
}

function sameWord(one: Word, other: Word): boolean {
  return one[0] === other[0] && one[1] === other[1] && one[2] === other[2];
}
