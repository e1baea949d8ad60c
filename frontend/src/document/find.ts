// Find and replace in a document: case-insensitive, without patterns. A number is found in both its forms.
import { setTexts } from "./edit";
import type { Doc } from "./types";
import { heardRange, type Span, write } from "./written";

export interface Hit {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
}

/** The hits in order, in what was heard. `spans` gives what is written otherwise in a text. */
export function find(doc: Doc, query: string, spans: (text: string) => readonly Span[]): Hit[] {
  if (!query) return [];
  const asTyped = literal(query);
  const asWritten = literal(write(query, spans(query)));
  return doc.segments.flatMap(({ id, text }) => {
    const changes = spans(text);
    const ranges = rangesOf(text, asTyped);
    const written = changes.length ? write(text, changes) : text;
    if (changes.length || asWritten.source !== asTyped.source)
      for (const [from, to] of [...rangesOf(written, asTyped), ...rangesOf(written, asWritten)]) {
        const heard = heardRange(changes, from, to);
        if (heard && !ranges.some((range) => range[0] < heard[1] && heard[0] < range[1])) ranges.push(heard);
      }
    return ranges.sort((a, b) => a[0] - b[0]).map(([from, to]) => ({ segment: id, from, to }));
  });
}

function rangesOf(text: string, pattern: RegExp): (readonly [number, number])[] {
  return [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length] as const);
}

/** Replaces these hits, which were found in this document, by `text`. */
export function replaceHits(doc: Doc, hits: readonly Hit[], text: string): Doc {
  const found = bySegment(hits);
  const texts = doc.segments.flatMap(({ id, text: old }): [string, string][] => {
    const some = found.get(id);
    return some
      ? [
          [
            id,
            parts(old, some)
              .map((part, number) => (number % 2 ? text : part))
              .join(""),
          ],
        ]
      : [];
  });
  return setTexts(doc, new Map(texts));
}

/** The text around a hit, short enough for one line. */
export function excerpt(text: string, hit: Hit, maxLength = 16): readonly [before: string, hit: string, after: string] {
  const before = [...text.slice(0, hit.from)];
  const after = [...text.slice(hit.to)];
  return [
    (before.length > maxLength ? "…" : "") + before.slice(-maxLength).join(""),
    text.slice(hit.from, hit.to),
    after.slice(0, maxLength).join("") + (after.length > maxLength ? "…" : ""),
  ];
}

function bySegment(hits: readonly Hit[]): Map<string, Hit[]> {
  const found = new Map<string, Hit[]>();
  for (const hit of hits) found.set(hit.segment, [...(found.get(hit.segment) ?? []), hit]);
  return found;
}

/** The text split at its hits: unchanged, hit, unchanged, hit, … */
function parts(text: string, hits: readonly Hit[]): string[] {
  const ends = [0, ...hits.toSorted((a, b) => a.from - b.from).flatMap((hit) => [hit.from, hit.to]), text.length];
  return ends.slice(1).map((end, number) => text.slice(ends[number], end));
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
}
