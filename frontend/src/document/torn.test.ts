import fc from "fast-check";
import { expect, test } from "vitest";
import { moved, type Said, type Stretch } from "./torn";

const said = (speaker: string | null, text: string): Said => ({ speaker, text });
const shown = (lines: Stretch[][]) => lines.map((line) => line.map((one) => (one.moved ? `[${one.text}]` : one.text)).join(""));

test.each([
  ["moved", [said("S1", "我们下周把预算"), said("S2", "定下来。好的。")], [said("S1", "我们下周把预算定下来。"), said("S2", "好的。")], ["我们下周把预算", "[定下来。]好的。"], ["我们下周把预算[定下来。]", "好的。"]],
  ["merged", [said("S1", "今天"), said("S2", "就到这里")], [said("S1", "今天就到这里")], ["今天", "[就到这里]"], ["今天[就到这里]"]],
  ["merged, of one speaker", [said("S1", "今天"), said("S1", "就到这里")], [said("S1", "今天就到这里")], ["今天", "就到这里"], ["今天就到这里"]],
  ["split", [said("S1", "还有吗？ 没有了。")], [said("S1", "还有吗？"), said("S2", "没有了。")], ["还有吗？ [没有了。]"], ["还有吗？", "[没有了。]"]],
  ["given away", [said(null, "OK yes")], [said("S2", "OK yes")], ["[OK yes]"], ["[OK yes]"]],
])("what is %s is marked on both sides", (_, before, after, old, fresh) => {
  const found = moved(before, after);

  expect([shown(found.before), shown(found.after)]).toEqual([old, fresh]);
});

test("every character is shown once, and the same ones are marked before and after", () => {
  const texts = fc.array(fc.tuple(fc.constantFrom("S1", "S2", null), fc.string({ unit: "grapheme", maxLength: 8 })), { maxLength: 4 });
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const all = one.map(([, text]) => text).join("");
      const before = one.map(([speaker, text]) => said(speaker, text));
      // The same text, cut in other places.
      const at = Math.min([...all].length, other.length);
      const after = [said("S1", [...all].slice(0, at).join("")), said("S2", [...all].slice(at).join(""))];
      const found = moved(before, after);

      expect(found.before.map((line) => line.map((part) => part.text).join(""))).toEqual(before.map(({ text }) => text));
      expect(found.after.map((line) => line.map((part) => part.text).join(""))).toEqual(after.map(({ text }) => text));
      const marked = (lines: Stretch[][]) => lines.flat().filter((part) => part.moved).map((part) => part.text.replaceAll(/\s/gu, "")).join("");
      expect(marked(found.before)).toBe(marked(found.after));
    }),
  );
});

test("of long texts only what stands around the cut is shown", () => {
  const long = "甲".repeat(40);
  const move = moved([said("S1", `${long}我们把预`), said("S2", `算定下。${long}`)], [said("S1", `${long}我们把预算定下。`), said("S2", long)], 6);
  const merge = moved([said("S1", long), said("S1", "乙".repeat(40))], [said("S1", long + "乙".repeat(40))], 3);
  const given = moved([said("S1", long)], [said("S2", long)], 3);

  expect([shown(move.before), shown(move.after)]).toEqual([["…甲甲我们把预", "[算定下。]甲甲甲甲甲甲…"], ["…甲甲我们把预[算定下。]", "甲甲甲甲甲甲…"]]);
  expect([shown(merge.before), shown(merge.after)]).toEqual([["…甲甲甲", "乙乙乙…"], ["…甲甲甲乙乙乙…"]]);
  expect(shown(given.before)).toEqual(["[甲甲甲]…[甲甲甲]"]);
});
