// Find and replace in a document: case-insensitive, without patterns.
import { setTexts } from "./edit";
import type { Doc } from "./types";

export interface Hit {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
}

export function find(doc: Doc, query: string): Hit[] {
  if (!query) return [];
  const pattern = literal(query);
  return doc.segments.flatMap((segment) =>
    [...segment.text.matchAll(pattern)].map((match) => ({
      segment: segment.id,
      from: match.index,
      to: match.index + match[0].length,
    })),
  );
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
