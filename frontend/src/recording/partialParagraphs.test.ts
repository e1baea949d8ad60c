import { expect, test } from "vitest";
import type { Segment } from "../document/types";
import { paragraphsOf } from "./partialParagraphs";

const segment = (id: string, speaker: string, start: number, end: number, text = "好") =>
  ({ id, speaker, start, end, text }) as Segment;
const ids = (segments: Segment[]) => paragraphsOf(segments).map((paragraph) => paragraph.map(({ id }) => id).join(""));

test("a paragraph ends with its speaker, at a pause, and when it is long", () => {
  expect(ids([segment("a", "1", 0, 1), segment("b", "1", 1.5, 2), segment("c", "2", 2, 3)])).toEqual(["ab", "c"]);
  expect(ids([segment("a", "1", 0, 1), segment("b", "1", 3, 4)])).toEqual(["a", "b"]);
  expect(ids([segment("a", "1", 0, 1, "字".repeat(160)), segment("b", "1", 1, 2)])).toEqual(["a", "b"]);
  expect(ids([])).toEqual([]);
});
