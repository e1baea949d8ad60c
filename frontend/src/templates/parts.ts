// The parts of minutes, and the order a template shows them in.
import type { Template } from "./templates";

export type Part = Template["parts"][number];

export const PARTS: readonly Part[] = ["headline", "overview", "decisions", "actions", "questions", "topics", "speakers", "keywords"];

/** The part one place on, or back; where there is no place, nothing changes. */
export function shifted(parts: readonly Part[], part: Part, by: 1 | -1): Part[] {
  return placed(parts, part, parts.indexOf(part) + by);
}

/** The part at this place, the others in their order. */
export function placed(parts: readonly Part[], part: Part, place: number): Part[] {
  if (!parts.includes(part) || place < 0 || place >= parts.length) return [...parts];
  return parts.filter((one) => one !== part).toSpliced(place, 0, part);
}

/** With the part at the end, or without it. */
export function toggled(parts: readonly Part[], part: Part): Part[] {
  return parts.includes(part) ? parts.filter((one) => one !== part) : [...parts, part];
}

/** Those that are shown, in their order, then those that are not. */
export function listed(parts: readonly Part[]): Part[] {
  return [...parts, ...PARTS.filter((part) => !parts.includes(part))];
}
