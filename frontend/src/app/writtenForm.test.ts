import { expect, test } from "vitest";
import { DEFAULT_FORM, parseForm } from "./writtenForm";

test("a stored form is read, and the rest is the default", () => {
  expect(parseForm(JSON.stringify({ numbers: false, script: "taiwan" }))).toEqual({ numbers: false, script: "taiwan" });
  expect(parseForm(JSON.stringify({ numbers: "no", script: "seal" }))).toEqual(DEFAULT_FORM);
  for (const broken of [null, "", "{", "null", "3"]) expect(parseForm(broken)).toEqual(DEFAULT_FORM);
});
