// Filters suggested repairs by state and finds the next open one.
import type { Schemas } from "../api/client";

export type RepairProposal = Schemas["ItemOut"];
export type Standing = RepairProposal["standing"];

export const STANDINGS: readonly Standing[] = ["open", "accepted", "rejected", "outdated"];

export function withStanding(items: readonly RepairProposal[], now: Standing): RepairProposal[] {
  return items.filter((item) => item.standing === now);
}

/** The open repair after `id`: the next in the meeting, else the first remaining. */
export function nextOpen(items: readonly RepairProposal[], id: number): RepairProposal | undefined {
  const open = withStanding(items, "open").filter((item) => item.id !== id);
  return open.find((item) => item.id > id) ?? open[0];
}
