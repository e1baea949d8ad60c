// Shortcuts are shown with Mac symbols on a Mac.
import { expect, test } from "vitest";
import { shortcutLabel } from "./shortcutLabel";

test.each([
  ["Ctrl+Z", "⌘Z"],
  ["Alt+X", "⌥X"],
  ["Ctrl+Enter", "⌘↩"],
  ["Ctrl+Shift+⌫", "⇧⌘⌫"],
  ["Ctrl", "⌘"],
  ["Esc", "Esc"],
])("%s is %s on a Mac, and itself elsewhere", (keys, sign) => {
  expect(shortcutLabel(keys, true)).toBe(sign);
  expect(shortcutLabel(keys, false)).toBe(keys);
});
