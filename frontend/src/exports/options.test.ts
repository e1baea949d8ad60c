import { expect, test } from "vitest";
import { DEFAULTS, FORMATS, knows, sample, sensible } from "./options";

const WORDS = { speaker: "甲", text: "好。" };

test("what was kept is used as far as it makes sense", () => {
  expect(sensible({ format: "pdf", times: false, script: "traditional", more: 1 })).toEqual({ ...DEFAULTS, format: "pdf", times: false, script: "traditional" });
  expect(sensible({ format: "odt", times: "no", script: "seal" })).toEqual(DEFAULTS);
  expect(sensible(null)).toEqual(DEFAULTS);
});

test("a sample holds the words in every format", () => {
  for (const format of FORMATS) expect(sample({ ...DEFAULTS, format }, WORDS)).toContain("好。");
});

test("a sample leaves out what is not wanted, where the format can", () => {
  for (const format of FORMATS) {
    const shown = sample({ ...DEFAULTS, format, times: false, speakers: false }, WORDS);
    expect(shown.includes("00:00")).toBe(format === "srt" || format === "vtt");
    if (knows(format).speakers) expect(shown).not.toContain("甲");
  }
});
