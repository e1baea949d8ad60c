// What is worth a second look: stretches that could not be recognised, talk at once, and guesses.
import type { Doc, Segment } from "./types";

export type Mark = "error" | "overlap" | "unsure" | "unknown";

/** Below this share of words in the speaker's own turns, who spoke is a guess. */
export const SURE = 0.6;

export function marksOf(segment: Segment): Mark[] {
  const found: Mark[] = [];
  if (segment.error) found.push("error");
  if (segment.overlap) found.push("overlap");
  if (typeof segment.confidence === "number" && segment.confidence < SURE) found.push("unsure");
  if (!segment.speaker && !segment.error) found.push("unknown");
  return found;
}

/** The marked segments in order. */
export function marked(doc: Doc): { segment: Segment; marks: Mark[] }[] {
  // Where no speaker at all was found, that is one fact and not a mark on every line.
  const nobody = doc.speakers.length === 0;
  return doc.segments
    .map((segment) => ({ segment, marks: marksOf(segment).filter((mark) => !(nobody && mark === "unknown")) }))
    .filter(({ marks }) => marks.length > 0);
}
