import { expect, test } from "vitest";
import { nextOpen, standing, type Item, type Standing } from "./repairs";

const items = (...standings: Standing[]): Item[] => standings.map((now, id) => ({ id, kind: "merge", before: [], after: [], standing: now }));

test("after one proposal comes the next that is open, and after the last the first that is left", () => {
  const all = items("open", "accepted", "open", "outdated", "open");

  expect(nextOpen(all, 0)?.id).toBe(2);
  expect(nextOpen(all, 2)?.id).toBe(4);
  expect(nextOpen(all, 4)?.id).toBe(0);
  expect(nextOpen(items("rejected", "open"), 1)).toBeUndefined();
});

test("proposals are found by how they stand", () => {
  expect(standing(items("open", "rejected", "open"), "open").map((item) => item.id)).toEqual([0, 2]);
});
