import fc from "fast-check";
import { expect, test } from "vitest";
import { markMoved, type SpokenText, type TextRun } from "./movedText";

const spoken = (speaker: string | null, text: string): SpokenText => ({ speaker, text });
const shown = (lines: TextRun[][]) =>
  lines.map((line) => line.map((one) => (one.moved ? `[${one.text}]` : one.text)).join(""));

test.each([
  [
    "moved",
    [spoken("S1", "我们下周把预算"), spoken("S2", "定下来。好的。")],
    [spoken("S1", "我们下周把预算定下来。"), spoken("S2", "好的。")],
    ["我们下周把预算", "[定下来。]好的。"],
    ["我们下周把预算[定下来。]", "好的。"],
  ],
  [
    "merged",
    [spoken("S1", "今天"), spoken("S2", "就到这里")],
    [spoken("S1", "今天就到这里")],
    ["今天", "[就到这里]"],
    ["今天[就到这里]"],
  ],
  [
    "merged, of one speaker",
    [spoken("S1", "今天"), spoken("S1", "就到这里")],
    [spoken("S1", "今天就到这里")],
    ["今天", "就到这里"],
    ["今天就到这里"],
  ],
  [
    "split",
    [spoken("S1", "还有吗？ 没有了。")],
    [spoken("S1", "还有吗？"), spoken("S2", "没有了。")],
    ["还有吗？ [没有了。]"],
    ["还有吗？", "[没有了。]"],
  ],
  ["reassigned", [spoken(null, "OK yes")], [spoken("S2", "OK yes")], ["[OK yes]"], ["[OK yes]"]],
])("text that is %s is marked on both sides", (_, before, after, old, fresh) => {
  const found = markMoved(before, after);

  expect([shown(found.before), shown(found.after)]).toEqual([old, fresh]);
});

test("every character is shown once, and the same ones are marked before and after", () => {
  const texts = fc.array(fc.tuple(fc.constantFrom("S1", "S2", null), fc.string({ unit: "grapheme", maxLength: 8 })), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const all = one.map(([, text]) => text).join("");
      const before = one.map(([speaker, text]) => spoken(speaker, text));
      // The same text, split in other places.
      const at = Math.min([...all].length, other.length);
      const after = [spoken("S1", [...all].slice(0, at).join("")), spoken("S2", [...all].slice(at).join(""))];
      const found = markMoved(before, after);

      expect(found.before.map((line) => line.map((part) => part.text).join(""))).toEqual(
        before.map(({ text }) => text),
      );
      expect(found.after.map((line) => line.map((part) => part.text).join(""))).toEqual(after.map(({ text }) => text));
      const marked = (lines: TextRun[][]) =>
        lines
          .flat()
          .filter((part) => part.moved)
          .map((part) => part.text.replaceAll(/\s/gu, ""))
          .join("");
      expect(marked(found.before)).toBe(marked(found.after));
    }),
  );
});

test("of long texts only the surroundings of the boundary are shown", () => {
  const long = "甲".repeat(40);
  const move = markMoved(
    [spoken("S1", `${long}我们把预`), spoken("S2", `算定下。${long}`)],
    [spoken("S1", `${long}我们把预算定下。`), spoken("S2", long)],
    6,
  );
  const merge = markMoved(
    [spoken("S1", long), spoken("S1", "乙".repeat(40))],
    [spoken("S1", long + "乙".repeat(40))],
    3,
  );
  const given = markMoved([spoken("S1", long)], [spoken("S2", long)], 3);

  expect([shown(move.before), shown(move.after)]).toEqual([
    ["…甲甲我们把预", "[算定下。]甲甲甲甲甲甲…"],
    ["…甲甲我们把预[算定下。]", "甲甲甲甲甲甲…"],
  ]);
  expect([shown(merge.before), shown(merge.after)]).toEqual([["…甲甲甲", "乙乙乙…"], ["…甲甲甲乙乙乙…"]]);
  expect(shown(given.before)).toEqual(["[甲甲甲]…[甲甲甲]"]);
});
