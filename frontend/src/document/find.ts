// Finding text in a document and putting other text in its place. Case does not matter; nothing is a pattern.
import { setText } from "./edit";
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

export function replaceOne(doc: Doc, hit: Hit, text: string): Doc {
  const segment = doc.segments.find((one) => one.id === hit.segment);
  return segment ? setText(doc, hit.segment, segment.text.slice(0, hit.from) + text + segment.text.slice(hit.to)) : doc;
}

export function replaceAll(doc: Doc, wanted: string, text: string): Doc {
  if (!wanted) return doc;
  const pattern = literal(wanted);
  return doc.segments.reduce(
    (changed, segment) => setText(changed, segment.id, segment.text.replace(pattern, () => text)),
    doc,
  );
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
}
