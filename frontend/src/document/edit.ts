// Edits of a document. Each function returns a new document and leaves its argument unchanged.

import { type CopiedWords, keepCopiedTimes } from "./copiedWords";
import { freshId } from "./ids";
import type { Doc, Segment, Speaker } from "./types";
import { isNarrow, retimeWords, wordRanges } from "./words";

/** Text that is among the `copied` words keeps their times, where these fit. */
export function setText(doc: Doc, id: string, text: string, copied: readonly CopiedWords[] = []): Doc {
  const changed = setTexts(doc, new Map([[id, text]]));
  return changed === doc ? doc : keepCopiedTimes(doc, changed, id, copied);
}

/** Sets the text of each of these segments. */
export function setTexts(doc: Doc, texts: ReadonlyMap<string, string>): Doc {
  let touched = false;
  const segments = doc.segments.map((segment) => {
    const clean = oneLine(texts.get(segment.id) ?? segment.text);
    if (segment.text === clean) return segment;
    touched = true;
    const words = retimeWords(segment.words, clean, segment.start, segment.end);
    return { ...segment, text: clean, words, source: "edited" as const, error: clean ? null : segment.error };
  });
  return touched ? { ...doc, segments } : doc;
}

/** Names a speaker; an empty name removes it. */
export function renameSpeaker(doc: Doc, speaker: string, name: string | null): Doc {
  const clean =
    oneLine(name ?? "")
      .trim()
      .slice(0, 64) || null;
  if (!doc.speakers.some((one) => one.id === speaker && (one.name ?? null) !== clean)) return doc;
  return { ...doc, speakers: doc.speakers.map((one) => (one.id === speaker ? { ...one, name: clean } : one)) };
}

/** Appends a speaker. */
export function addSpeaker(doc: Doc, name: string | null = null): Doc {
  const usedIds = new Set(doc.speakers.map((one) => one.id));
  let number = doc.speakers.length + 1;
  while (usedIds.has(`S${number}`)) number += 1;
  const added: Speaker = { id: `S${number}`, name: null };
  return renameSpeaker({ ...doc, speakers: [...doc.speakers, added] }, added.id, name);
}

export function setSpeaker(doc: Doc, ids: readonly string[], speaker: string | null): Doc {
  const chosen = new Set(ids);
  // Assigning the same speaker again confirms it, so the confidence is cleared.
  const other = (one: Segment) =>
    chosen.has(one.id) && ((one.speaker ?? null) !== speaker || typeof one.confidence === "number");
  if (!doc.segments.some(other)) return doc;
  return {
    ...doc,
    segments: doc.segments.map((one) =>
      other(one)
        ? {
            ...one,
            speaker,
            second_speaker: one.second_speaker === speaker ? null : one.second_speaker,
            confidence: null,
            source: "edited",
          }
        : one,
    ),
  };
}

/** Assigns all segments of one speaker to another and removes the first. */
export function mergeSpeakers(doc: Doc, from: string, into: string): Doc {
  if (from === into) return doc;
  const other = (speaker: string | null | undefined) => (speaker === from ? into : speaker);
  return {
    ...doc,
    speakers: doc.speakers.filter((one) => one.id !== from),
    segments: doc.segments.map((one) => {
      if (one.speaker !== from && one.second_speaker !== from) return one;
      const speaker = other(one.speaker);
      const second = other(one.second_speaker);
      return { ...one, speaker, second_speaker: second === speaker ? null : second };
    }),
  };
}

/**
 * Splits a segment before the character at `caret`, so that marks stay with the words they belong to. At either end
 * the document is returned unchanged.
 */
export function split(doc: Doc, id: string, caret: number): Doc {
  const index = doc.segments.findIndex((one) => one.id === id);
  const segment = doc.segments[index];
  const offset = segment ? betweenWords(segment.text, wholeCharacter(segment.text, caret)) : caret;
  if (!segment?.text.slice(0, offset).trim() || !segment.text.slice(offset).trim()) return doc;
  const ranges = wordRanges(segment.text, segment.words);
  const found = ranges.findIndex((place) => place !== null && place[1] > offset);
  const cut = found < 0 ? segment.words.length : found;
  const parted = ranges[cut] && ranges[cut][0] < offset ? splitWord(segment, cut, offset - ranges[cut][0]) : null;
  const words = parted ? [...segment.words.slice(0, cut), ...parted, ...segment.words.slice(cut + 1)] : segment.words;
  const first = parted ? cut + 1 : cut;
  const share = segment.start + ((segment.end - segment.start) * offset) / segment.text.length;
  // Segments stay ordered by start, also where speech overlaps.
  const latest = doc.segments[index + 1]?.start ?? Infinity;
  const at = Math.max(segment.start, Math.min(words[first]?.[1] ?? share, segment.end, latest));
  const left: Segment = {
    ...segment,
    end: Math.max(segment.start, Math.min(words[first - 1]?.[2] ?? at, segment.end)),
    text: segment.text.slice(0, offset),
    words: words.slice(0, first),
    source: "edited",
  };
  const right: Segment = {
    ...segment,
    id: freshId(new Set(doc.segments.map((one) => one.id)), segment.id),
    start: at,
    text: segment.text.slice(offset),
    words: words.slice(first),
    source: "edited",
  };
  return { ...doc, segments: [...doc.segments.slice(0, index), left, right, ...doc.segments.slice(index + 1)] };
}

/** Merges a segment with the next one and keeps its speaker. */
export function mergeWithNext(doc: Doc, id: string): Doc {
  const index = doc.segments.findIndex((one) => one.id === id);
  const left = doc.segments[index];
  const right = doc.segments[index + 1];
  if (!left || !right) return doc;
  const space = isNarrow([...left.text].at(-1) ?? "") && isNarrow([...right.text].at(0) ?? "") ? " " : "";
  const sure = [left.confidence, right.confidence].filter((one) => typeof one === "number");
  const merged: Segment = {
    ...left,
    end: Math.max(left.end, right.end),
    text: left.text + space + right.text,
    words: [...left.words, ...right.words],
    overlap: left.overlap || right.overlap,
    second_speaker: left.second_speaker ?? (right.speaker === left.speaker ? right.second_speaker : null),
    confidence: sure.length ? Math.min(...sure) : null,
    source: "edited",
    error: left.error ?? right.error,
  };
  return { ...doc, segments: [...doc.segments.slice(0, index), merged, ...doc.segments.slice(index + 2)] };
}

/** Merges the given segments that are adjacent. */
export function mergeAll(doc: Doc, ids: readonly string[]): Doc {
  const chosen = new Set(ids);
  const last = (segment: Segment | undefined) => segment === undefined || !chosen.has(segment.id);
  // From the end, so that the indexes of segments still to be merged stay valid.
  return doc.segments.reduceRight(
    (merged, segment, number) =>
      last(segment) || last(doc.segments[number + 1]) ? merged : mergeWithNext(merged, segment.id),
    doc,
  );
}

/** The ids of the segments from one to the other, in document order. */
export function idsBetween(doc: Doc, one: string, other: string): string[] {
  const numbers = [one, other]
    .map((id) => doc.segments.findIndex((segment) => segment.id === id))
    .sort((a, b) => a - b);
  return numbers[0]! < 0 ? [] : doc.segments.slice(numbers[0], numbers[1]! + 1).map((segment) => segment.id);
}

export function remove(doc: Doc, ids: readonly string[]): Doc {
  const chosen = new Set(ids);
  const segments = doc.segments.filter((one) => !chosen.has(one.id));
  return segments.length === doc.segments.length ? doc : { ...doc, segments };
}

/** Replaces line ends and control characters, which the server refuses, by spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").replace(/\p{Cs}/gu, "");
}

/** The offset moved out of a surrogate pair. */
function wholeCharacter(text: string, offset: number): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(offset)) && /[\uD800-\uDBFF]/.test(text.charAt(offset - 1))
    ? offset - 1
    : offset;
}

/** Marks that close what is before them, and the spaces after them. */
const CLOSING = /^[\p{Pe}\p{Pf}。，、；：？！…—～·.,;:?!]*\s*/u;
/** Marks that open what is after them. */
const OPENING = /[\p{Ps}\p{Pi}]+$/u;

/** The offset moved behind marks that belong to the words before it, or before those that belong to the words after it. */
function betweenWords(text: string, offset: number): number {
  const inNumber = /[\p{L}\p{N}]$/u.test(text.slice(0, offset)) && /^[.,:]\p{N}/u.test(text.slice(offset));
  if (inNumber) return offset;
  const closing = CLOSING.exec(text.slice(offset))![0].length;
  if (closing > 0) return offset + closing;
  return offset - (OPENING.exec(text.slice(0, offset))?.[0].length ?? 0);
}

function splitWord(segment: Segment, number: number, offset: number) {
  const [text, start, end] = segment.words[number]!;
  const at = start + ((end - start) * offset) / text.length;
  return [
    [text.slice(0, offset), start, at],
    [text.slice(offset), at, end],
  ] as const;
}
