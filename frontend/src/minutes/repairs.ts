// Proposals of a repair by how they stand, and which of them comes next.
import type { Schemas } from "../api/client";

export type Item = Schemas["ItemOut"];
export type Standing = Item["standing"];

export const STANDINGS: readonly Standing[] = ["open", "accepted", "rejected", "outdated"];

export function standing(items: readonly Item[], now: Standing): Item[] {
  return items.filter((item) => item.standing === now);
}

/** The open one to look at after `id`: the next one in the meeting, else the first that is left. */
export function nextOpen(items: readonly Item[], id: number): Item | undefined {
  const open = standing(items, "open").filter((item) => item.id !== id);
  return open.find((item) => item.id > id) ?? open[0];
}
