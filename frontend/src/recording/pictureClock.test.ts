import { expect, test } from "vitest";
import { correction } from "./pictureClock";

test("a difference nobody sees is left alone", () => {
  expect(correction(0.02, true)).toBe(1);
  expect(correction(-0.01, false)).toBe(1);
});

test("a picture that is ahead runs slower, one that is behind runs faster", () => {
  expect(correction(0.1, true)).toBeCloseTo(0.9);
  expect(correction(-0.1, true)).toBeCloseTo(1.1);
  expect(correction(0.29, true)).toBeCloseTo(0.85);
});

test("a large difference, and any while paused, is a jump", () => {
  expect(correction(0.31, true)).toBe("jump");
  expect(correction(-5, true)).toBe("jump");
  expect(correction(0.03, false)).toBe("jump");
});
