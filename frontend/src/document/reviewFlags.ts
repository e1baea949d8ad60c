// Review flags: segments that were not recognized, overlap, or have an uncertain speaker.
import type { Doc, Segment } from "./types";

export type ReviewFlag = "error" | "text" | "overlap" | "unsure" | "unknown";

/** Below this confidence the speaker is flagged as uncertain. */
export const MIN_CONFIDENCE = 0.6;

export function reviewFlagsOf(segment: Segment): ReviewFlag[] {
  const flags: ReviewFlag[] = [];
  if (segment.error) flags.push("error");
  if (segment.unsure && segment.source !== "edited") flags.push("text");
  if (segment.overlap) flags.push("overlap");
  if (typeof segment.confidence === "number" && segment.confidence < MIN_CONFIDENCE) flags.push("unsure");
  if (!segment.speaker && !segment.error) flags.push("unknown");
  return flags;
}

/** The flagged segments in order. */
export function flaggedSegments(doc: Doc): { segment: Segment; flags: ReviewFlag[] }[] {
  // A document without any speakers is not flagged on every line.
  const noSpeakers = doc.speakers.length === 0;
  return doc.segments
    .map((segment) => ({
      segment,
      flags: reviewFlagsOf(segment).filter((flag) => !(noSpeakers && flag === "unknown")),
    }))
    .filter(({ flags }) => flags.length > 0);
}
