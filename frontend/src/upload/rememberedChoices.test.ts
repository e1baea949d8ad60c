import { beforeEach, expect, test, vi } from "vitest";
import { NO_CHOICES } from "./options";
import { changedCount, rememberChoices, rememberedChoices, withoutMissing } from "./rememberedChoices";

const LAST = {
  ...NO_CHOICES,
  count: "exact" as const,
  exact: 5,
  minutes: "weekly",
  hotwords: ["王芳"],
  diarizer: "old",
};

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  });
});

test("the options of last time come back to the same user, but not the number of people", () => {
  rememberChoices("a", LAST);

  expect(rememberedChoices("a")).toEqual({ ...NO_CHOICES, minutes: "weekly", hotwords: ["王芳"], diarizer: "old" });
  expect(rememberedChoices("b")).toEqual(NO_CHOICES);
});

test("an engine or a template that is gone is not chosen again", () => {
  const offered = { engines: [{ name: "old", installed: false }], templates: [{ key: "bluf" }], languageModel: true };

  expect(withoutMissing(LAST, offered)).toEqual({ ...LAST, diarizer: "", minutes: "" });
  expect(withoutMissing({ ...LAST, minutes: "bluf" }, offered).minutes).toBe("bluf");
  expect(withoutMissing({ ...LAST, minutes: "bluf", polish: true }, { ...offered, languageModel: false })).toEqual({
    ...LAST,
    diarizer: "",
    minutes: "",
  });
});

test("the options that differ from the defaults are counted", () => {
  expect(changedCount(NO_CHOICES)).toBe(0);
  expect(changedCount(LAST)).toBe(3);
});
