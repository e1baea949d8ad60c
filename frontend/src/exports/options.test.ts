import { expect, test } from "vitest";
import { DEFAULTS, FORMATS, parseOptions, sample, supportedOptions } from "./options";

const WORDS = { speaker: "甲", text: "好。" };

test("stored options are used where they are valid", () => {
  expect(parseOptions({ format: "pdf", times: false, script: "traditional", more: 1 })).toEqual({
    ...DEFAULTS,
    format: "pdf",
    times: false,
    script: "traditional",
  });
  expect(parseOptions({ format: "odt", times: "no", script: "seal" })).toEqual(DEFAULTS);
  expect(parseOptions(null)).toEqual(DEFAULTS);
});

test("a sample contains the text in every format", () => {
  for (const format of FORMATS) expect(sample({ ...DEFAULTS, format }, WORDS)).toContain("好。");
});

test("a sample leaves out deselected content where the format allows it", () => {
  for (const format of FORMATS) {
    const shown = sample({ ...DEFAULTS, format, times: false, speakers: false }, WORDS);
    expect(shown.includes("00:00")).toBe(format === "srt" || format === "vtt");
    if (supportedOptions(format).speakers) expect(shown).not.toContain("甲");
  }
});
