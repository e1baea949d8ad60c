import { expect, test } from "vitest";
import { readLook } from "./tableLook";

test("a stored look is read as far as it makes sense", () => {
  expect(readLook(JSON.stringify({ hidden: ["date", "name", 3], density: "small" }))).toEqual({
    hidden: ["date"],
    density: "small",
  });
  for (const text of [null, "{", "7", JSON.stringify({ hidden: "date", density: "tiny" })])
    expect(readLook(text)).toEqual({ hidden: [], density: "large" });
});
