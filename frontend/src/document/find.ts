// Finding text in a document and putting other text in its place. Case does not matter; nothing is a pattern.
import { setTexts } from "./edit";
import type { Doc } from "./types";

export interface Hit {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
}

export function find(doc: Doc, wanted: string): Hit[] {
  if (!wanted) return [];
  const pattern = literal(wanted);
  return doc.segments.flatMap((segment) =>
    [...segment.text.matchAll(pattern)].map((match) => ({
      segment: segment.id,
      from: match.index,
      to: match.index + match[0].length,
    })),
  );
}

/** Put `text` in the place of each of these hits, which were found in this document. */
export function replaceSome(doc: Doc, hits: readonly Hit[], text: string): Doc {
  const found = bySegment(hits);
  const texts = doc.segments.flatMap(({ id, text: old }): [string, string][] => {
    const some = found.get(id);
    return some ? [[id, parts(old, some).map((part, number) => (number % 2 ? text : part)).join("")]] : [];
  });
  return setTexts(doc, new Map(texts));
}

/** What stands around a hit, short enough for one line. */
export function around(text: string, hit: Hit, most = 16): readonly [before: string, hit: string, after: string] {
  const before = [...text.slice(0, hit.from)];
  const after = [...text.slice(hit.to)];
  return [
    (before.length > most ? "…" : "") + before.slice(-most).join(""),
    text.slice(hit.from, hit.to),
    after.slice(0, most).join("") + (after.length > most ? "…" : ""),
  ];
}

function bySegment(hits: readonly Hit[]): Map<string, Hit[]> {
  const found = new Map<string, Hit[]>();
  for (const hit of hits) found.set(hit.segment, [...(found.get(hit.segment) ?? []), hit]);
  return found;
}

/** The text cut at its hits: what stays, a hit, what stays, a hit, … */
function parts(text: string, hits: readonly Hit[]): string[] {
  const ends = [0, ...hits.toSorted((a, b) => a.from - b.from).flatMap((hit) => [hit.from, hit.to]), text.length];
  return ends.slice(1).map((end, number) => text.slice(ends[number], end));
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
}
