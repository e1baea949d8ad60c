import fc from "fast-check";
import { expect, test } from "vitest";
import { DOCUMENTS, segment } from "./testDocuments";
import { formatPreciseTime, formatTime, parseTime, rangeAt, segmentAt, timeAt } from "./time";
import { tokens } from "./words";

test("the segment at a time is the last that starts before it", () => {
  fc.assert(
    fc.property(DOCUMENTS, fc.double({ min: 0, max: 40, noNaN: true }), (doc, time) => {
      expect(segmentAt(doc.segments, time)).toBe(doc.segments.findLastIndex((one) => one.start <= time));
    }),
  );
});

test("each character maps to its own word's time and back", () => {
  const one = segment("a", "大家好，我用 API 3.5。", 10, 17);

  tokens(one.text).forEach((token, number) => {
    expect(timeAt(one, token.from)).toBe(one.words[number]![1]);
    expect(rangeAt(one, one.words[number]![1] + 0.01)).toEqual([token.from, token.to]);
  });
});

test("in a pause nothing is highlighted", () => {
  const one = segment("a", "好", 10, 11);

  expect(rangeAt(one, 9.9)).toBeNull();
  expect(rangeAt(one, 12)).toBeNull();
});

test("times are formatted as hours, minutes and seconds", () => {
  expect([0, 61.9, 3723].map(formatTime)).toEqual(["00:00", "01:01", "1:02:03"]);
});

test("a precise time is read back as it was written, and other ways of writing it are understood", () => {
  fc.assert(
    fc.property(fc.nat(360_000_00), (hundredths) => {
      expect(parseTime(formatPreciseTime(hundredths / 100))).toBeCloseTo(hundredths / 100, 5);
    }),
  );
  expect([formatPreciseTime(62.5), formatPreciseTime(3723)]).toEqual(["01:02.5", "1:02:03.0"]);
  expect(["62.5", "1:02.5", "0:01:02.5", " 1：02.5 "].map(parseTime)).toEqual([62.5, 62.5, 62.5, 62.5]);
  expect(["", "soon", "1:", "-1", "1:2:3:4", "1.5:2"].map(parseTime)).toEqual([null, null, null, null, null, null]);
});
