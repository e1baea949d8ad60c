import { expect, test } from "vitest";
import { cuesOf, vttText } from "./subtitles";
import { document, segment } from "./testDocuments";

const cuesOfText = (text: string, start: number, end: number) => cuesOf(document(segment("a", text, start, end)));

test("a short segment is one cue with its times", () => {
  expect(cuesOfText("大家早上好。", 1, 4)).toEqual([{ start: 1, end: 4, text: "大家早上好。" }]);
});

test("a long segment is cut at its phrases, and each cue begins with its first word", () => {
  const first = "我们今天讨论三季度的预算，先看华东的数字，再看华南的数字，";
  const second = "最后决定四季度要不要追加市场费用。";
  const [one, two] = cuesOfText(first + second, 0, 60);

  expect([one!.text, two!.text]).toEqual([first, second]);
  expect(one!.end).toBe(two!.start);
  expect([one!.start, two!.end]).toEqual([0, 60]);
});

test("a phrase without punctuation is cut where two lines are full, and nothing is lost", () => {
  const text = "一".repeat(100);

  const cues = cuesOfText(text, 0, 100);

  expect(cues.map((one) => one.text).join("")).toBe(text);
  expect(Math.max(...cues.map((one) => one.text.length))).toBe(36);
});

test("what was said is never markup of a subtitle", () => {
  expect(vttText("<b>A&B</b>")).toBe("&lt;b&gt;A&amp;B&lt;/b&gt;");
});
