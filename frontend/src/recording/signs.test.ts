// Nobody with a Mac looks for a key called Ctrl.
import { expect, test } from "vitest";
import { signOf } from "./signs";

test.each([
  ["Ctrl+Z", "⌘Z"],
  ["Alt+X", "⌥X"],
  ["Ctrl+Enter", "⌘↩"],
  ["Ctrl+Shift+⌫", "⇧⌘⌫"],
  ["Ctrl", "⌘"],
  ["Esc", "Esc"],
])("%s is %s on a Mac, and itself elsewhere", (keys, sign) => {
  expect(signOf(keys, true)).toBe(sign);
  expect(signOf(keys, false)).toBe(keys);
});
