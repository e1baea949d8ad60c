// Words that were cut, copied or dragged keep their times where they are put back, also in a neighbouring segment.
import { startRange } from "./times";
import type { Doc, Segment, Word } from "./types";
import { stripPunctuation, wordRanges } from "./words";

/** The words of a text that was taken from a segment. */
export type CopiedWords = readonly Word[];

/** The words of a segment between two offsets of its text; those cut at an end are left out. */
export function copyWords(segment: Segment, from: number, to: number): CopiedWords {
  const ranges = wordRanges(segment.text, segment.words);
  return segment.words.filter((_, number) => {
    const range = ranges[number];
    return range && range[0] >= from && range[1] <= to;
  });
}

/** Gives the new words of a segment the times of copied ones with the same text, where they fit in their order. */
export function keepCopiedTimes(before: Doc, after: Doc, id: string, copied: readonly CopiedWords[]): Doc {
  const index = after.segments.findIndex((one) => one.id === id);
  const segment = after.segments[index];
  if (!segment || copied.length === 0) return after;
  const known = new Set(before.segments.find((one) => one.id === id)?.words);
  const words = [...segment.words];
  const [earliest] = startRange(after, index);
  const latest = after.segments[index + 1]?.start ?? Math.max(after.duration, segment.end);
  for (const clip of copied) {
    for (const at of placesOf(words, clip)) {
      if (words.slice(at, at + clip.length).some((word) => known.has(word))) continue; // they have their own times
      const low = words[at - 1]?.[2] ?? earliest;
      const high = words[at + clip.length]?.[1] ?? latest;
      if (clip[0]![1] < low - SLACK || clip.at(-1)![2] > high + SLACK) continue;
      words.splice(
        at,
        clip.length,
        ...clip.map(([, start, end], number): Word => [words[at + number]![0], start, end]),
      );
    }
  }
  if (words.every((word, number) => word === segment.words[number])) return after;
  const start = Math.min(segment.start, Math.max(earliest, words[0]![1]));
  const end = Math.max(segment.end, words.at(-1)![2]);
  const segments = after.segments.with(index, { ...segment, words, start, end });
  return { ...after, segments };
}

/** Words of recognisers overlap by a few milliseconds. */
const SLACK = 0.05;

/** Where the words contain those of the clip one after another. */
function placesOf(words: readonly Word[], clip: CopiedWords): number[] {
  const texts = words.map(([text]) => stripPunctuation(text));
  const wanted = clip.map(([text]) => stripPunctuation(text));
  if (wanted.length === 0) return [];
  return texts.flatMap((_, at) => (wanted.every((text, number) => texts[at + number] === text) ? [at] : []));
}
