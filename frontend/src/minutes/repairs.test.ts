import { expect, test } from "vitest";
import { nextOpen, type RepairProposal, type Standing, withStanding } from "./repairs";

const items = (...standings: Standing[]): RepairProposal[] =>
  standings.map((now, id) => ({ id, kind: "merge", before: [], after: [], standing: now }));

test("after a decision comes the next open repair, after the last the first remaining", () => {
  const all = items("open", "accepted", "open", "outdated", "open");

  expect(nextOpen(all, 0)?.id).toBe(2);
  expect(nextOpen(all, 2)?.id).toBe(4);
  expect(nextOpen(all, 4)?.id).toBe(0);
  expect(nextOpen(items("rejected", "open"), 1)).toBeUndefined();
});

test("repairs are filtered by state", () => {
  expect(withStanding(items("open", "rejected", "open"), "open").map((item) => item.id)).toEqual([0, 2]);
});
