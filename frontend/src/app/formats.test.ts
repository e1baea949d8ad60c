// Sizes are shown in decimal units, as the doctor's are.
import { expect, test } from "vitest";
import { formats, GB } from "./formats";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [1024, "1 kB"],
  [999_949, "999.9 kB"],
  [999_950, "1 MB"],
  [6 * 1024 ** 3, "6.4 GB"],
  [64.2 * GB, "64.2 GB"],
  [4e12, "4 TB"],
  [5e15, "5,000 TB"],
])("%d bytes are shown as %s", (size, expected) => {
  expect(formats("en").bytes(size)).toBe(expected);
});
