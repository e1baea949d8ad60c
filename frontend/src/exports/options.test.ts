import { expect, test } from "vitest";
import { DEFAULTS, FORMATS, optionsToStore, parseOptions, sample, supportedOptions, withoutMarks } from "./options";

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

test("numbers and script follow the person's own form until others are chosen", () => {
  const form = { numbers: false, script: "taiwan" } as const;
  const followed = parseOptions({ format: "pdf" }, form);
  const chosen = { ...followed, script: "hong_kong", written_numbers: true } as const;

  expect(followed).toMatchObject({ script: "taiwan", written_numbers: false });
  expect(parseOptions(optionsToStore(followed, form))).toMatchObject({ script: "as_is", written_numbers: true });
  expect(parseOptions(optionsToStore(chosen, form), { numbers: false, script: "simplified" })).toEqual(chosen);
});

test("punctuation becomes spaces, and none at the end", () => {
  expect(withoutMarks("我们写了320万个字，大家有意见吗？")).toBe("我们写了320万个字 大家有意见吗");
});
