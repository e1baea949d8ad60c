import fc from "fast-check";
import { expect, test } from "vitest";
import { heardOffset, heardRange, partsOf, type Span, toUtf16, write, writtenOffset } from "./written";

const HEARD = "我们二零二六年用三百二十万买博客。";
const SPANS: Span[] = [
  [1, 2, "們"],
  [2, 6, "2026"],
  [8, 13, "320萬"],
  [13, 14, "買"],
  [14, 16, "部落格"],
];
const WRITTEN = "我們2026年用320萬買部落格。";

/** A text and spans over it. */
const cases = fc
  .tuple(
    fc.stringMatching(/^[a-f]{0,12}$/),
    fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.stringMatching(/^[XYZ]{1,4}$/))),
  )
  .map(([heard, steps]) => {
    const spans: Span[] = [];
    let position = 0;
    for (const [gap, length, text] of steps) {
      const from = position + gap;
      if (from + length > heard.length) break;
      spans.push([from, from + length, text]);
      position = from + length;
    }
    return { heard, spans };
  });

test("the spans are written in place of what was heard", () => {
  expect(write(HEARD, SPANS)).toBe(WRITTEN);
  expect(
    partsOf(HEARD, SPANS)
      .map((part) => part.heard ?? part.text)
      .join(""),
  ).toBe(HEARD);
});

test("an offset goes to what was heard and back", () => {
  expect(heardOffset(SPANS, WRITTEN.indexOf("年"))).toBe(HEARD.indexOf("年"));
  expect(heardOffset(SPANS, 4)).toBe(2); // inside 2026
  expect(heardOffset(SPANS, WRITTEN.indexOf("20萬"))).toBe(HEARD.indexOf("三百"));
  expect(writtenOffset(SPANS, HEARD.indexOf("百二"))).toBe(WRITTEN.indexOf("320"));
  expect(writtenOffset(SPANS, HEARD.indexOf("百二"), "end")).toBe(WRITTEN.indexOf("買"));
  expect(heardOffset(SPANS, WRITTEN.length)).toBe(HEARD.length);
});

test("parts give back what was heard, and offsets never go backwards, in every text", () => {
  fc.assert(
    fc.property(cases, ({ heard, spans }) => {
      const written = write(heard, spans);
      expect(
        partsOf(heard, spans)
          .map((part) => part.heard ?? part.text)
          .join(""),
      ).toBe(heard);
      let before = 0;
      for (let offset = 0; offset <= written.length; offset += 1) {
        const found = heardOffset(spans, offset);
        expect(found).toBeGreaterThanOrEqual(before);
        before = found;
        // A lower-case letter stands where it was heard.
        if (/[a-f]/.test(written.charAt(offset))) {
          expect(heard.charAt(found)).toBe(written.charAt(offset));
          expect(writtenOffset(spans, found)).toBe(offset);
        }
      }
      expect(before).toBe(heard.length);
    }),
  );
});

test("a range that cuts a number stands for nothing", () => {
  expect(heardRange(SPANS, 9, 11)).toBeNull();
  expect(heardRange(SPANS, WRITTEN.indexOf("320萬"), WRITTEN.indexOf("買"))).toEqual([8, 13]);
});

test("code points become UTF-16 units", () => {
  expect(toUtf16("𠮷三百", [[1, 3, "300"]])).toEqual([[2, 4, "300"]]);
  expect(toUtf16("三百", SPANS)).toBe(SPANS);
});
