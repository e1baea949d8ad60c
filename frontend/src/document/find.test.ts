import { expect, test } from "vitest";
import { find, replaceHits } from "./find";
import { document, segment } from "./testDocuments";
import type { Span } from "./written";

const HEARD = "二零二六年用三百二十万，三月五日见。";
const SPANS: Span[] = [
  [0, 4, "2026"],
  [6, 11, "320万"],
  [12, 13, "3"],
  [14, 15, "5"],
];
const WRITTEN = new Map([
  [HEARD, SPANS],
  ["二零二六年", SPANS.slice(0, 1)],
  ["三百二十万", [[0, 5, "320万"]] satisfies Span[]],
]);

const written = (text: string) => WRITTEN.get(text) ?? [];

function found(text: string, query: string): string[] {
  return find(document(segment("a", text, 0, 9)), query, written).map(({ from, to }) => text.slice(from, to));
}

test("a number is found as it was said and as it is written, in both kinds of text", () => {
  for (const query of ["二零二六年", "2026年"]) {
    expect(found(HEARD, query)).toEqual(["二零二六年"]);
    expect(found("在2026年", query)).toEqual(["2026年"]);
  }
  for (const query of ["三百二十万", "320万"]) expect(found(`用320万，${HEARD}`, query)).toContain("320万");
  expect(found(HEARD, "3月5日")).toEqual(["三月五日"]);
});

test("a part of a number is not the number", () => {
  expect(found(HEARD, "320")).toEqual([]);
  expect(found(HEARD, "026")).toEqual([]);
});

test("no place is found twice", () => {
  expect(found("3三3", "3")).toEqual(["3", "3"]);
  expect(found(HEARD, "年用")).toEqual(["年用"]);
});

test("a number that is found by another form is replaced as a whole", () => {
  const doc = document(segment("a", HEARD, 0, 9));

  expect(replaceHits(doc, find(doc, "320万", written), "300万").segments[0]!.text).toBe(
    "二零二六年用300万，三月五日见。",
  );
});
