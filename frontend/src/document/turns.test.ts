import { expect, test } from "vitest";
import { document, segment } from "./testDocuments";
import { samplesOf, turnOf } from "./turns";

const doc = document(
  segment("a", "一", 0, 10),
  segment("b", "二", 10, 12),
  segment("c", "三", 12, 14, { speaker: "S2" }),
  segment("d", "四", 14, 20),
  segment("e", "五", 20, 23),
);

test("the next and the previous turn begin where somebody else spoke before", () => {
  expect(turnOf(doc, "S1", 0, 1)?.id).toBe("d");
  expect(turnOf(doc, "S1", 21, -1)?.id).toBe("d");
  expect(turnOf(doc, "S1", 14, -1)?.id).toBe("a");
  expect(turnOf(doc, "S2", 0, 1)?.id).toBe("c");
  expect(turnOf(doc, "S2", 12, 1)).toBeUndefined();
});

test("the samples of a speaker are the beginnings of the three longest segments, in order", () => {
  expect(samplesOf(doc, "S1")).toEqual([
    { start: 0, end: 4 },
    { start: 14, end: 18 },
    { start: 20, end: 23 },
  ]);
  expect(samplesOf(doc, "S3")).toEqual([]);
});
