// The sections of minutes and their order in a template.
import type { Template } from "./templates";

export type Part = Template["parts"][number];

export const PARTS: readonly Part[] = [
  "headline",
  "overview",
  "decisions",
  "actions",
  "questions",
  "topics",
  "speakers",
  "keywords",
];

/** Moves a part one position forward or back, if possible. */
export function movePart(parts: readonly Part[], part: Part, by: 1 | -1): Part[] {
  return placePart(parts, part, parts.indexOf(part) + by);
}

/** Moves a part to a position. */
export function placePart(parts: readonly Part[], part: Part, place: number): Part[] {
  if (!parts.includes(part) || place < 0 || place >= parts.length) return [...parts];
  return parts.filter((one) => one !== part).toSpliced(place, 0, part);
}

/** Appends the part, or removes it. */
export function togglePart(parts: readonly Part[], part: Part): Part[] {
  return parts.includes(part) ? parts.filter((one) => one !== part) : [...parts, part];
}

/** The included parts in order, then the others. */
export function allParts(parts: readonly Part[]): Part[] {
  return [...parts, ...PARTS.filter((part) => !parts.includes(part))];
}
