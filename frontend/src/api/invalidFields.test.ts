// What the server refused is named by its field and the kind of its problem.
import { expect, test } from "vitest";
import { invalidFields } from "./invalidFields";

const hasLabel = (name: string) => ["hotwords", "name"].includes(name);
const of = (...fields: object[]) => invalidFields({ fields }, hasLabel);

test.each([
  [
    { field: "hotwords", kind: "too_many", limit: 50 },
    { name: "hotwords", kind: "too_many", limit: 50 },
  ],
  [
    { field: "hotwords.3", kind: "too_long", limit: 20 },
    { name: "hotwords", kind: "too_long", limit: 20 },
  ],
  [
    { field: "headers.0.name", kind: "missing", limit: null },
    { name: "name", kind: "missing", limit: 0 },
  ],
  [
    { field: "hotwords.constrained-str", kind: "wrong_form" },
    { name: "hotwords", kind: "wrong_form", limit: 0 },
  ],
  [
    { field: "rarely_set", kind: "too_small", limit: 1 },
    { name: "rarely_set", kind: "too_small", limit: 1 },
  ],
  [
    { field: "name", kind: "too_long", limit: null },
    { name: "name", kind: "wrong_form", limit: 0 },
  ],
  [
    { field: "name", problem: "of an older server" },
    { name: "name", kind: "wrong_form", limit: 0 },
  ],
])("%j", (field, expected) => {
  expect(of(field)).toEqual([expected]);
});

test("a field is named once, and three fields at most", () => {
  const fields = ["a.1", "a.2", "b", "c", "d"].map((field) => ({ field, kind: "missing" }));

  expect(of(...fields).map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test.each([[{}], [{ fields: "none" }], [{ fields: [null, { field: 5 }, { field: "" }] }]])(
  "no field in %j",
  (details) => {
    expect(invalidFields(details, hasLabel)).toEqual([]);
  },
);
