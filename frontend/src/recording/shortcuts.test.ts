import { expect, test } from "vitest";
import { commandOf, type KeyPress } from "./shortcuts";

const key = (values: Partial<KeyPress>): KeyPress => ({
  key: "",
  code: "",
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  isComposing: false,
  ...values,
});

test("space types in the text and plays elsewhere", () => {
  expect(commandOf(key({ key: " " }), true, false)).toBeNull();
  expect(commandOf(key({ key: " " }), false, true)).toBeNull();
  expect(commandOf(key({ key: " " }), false, false)).toEqual({ type: "play" });
});

test("Enter during input method composition is ignored", () => {
  expect(commandOf(key({ key: "Enter", isComposing: true }), true, false)).toBeNull();
  expect(commandOf(key({ key: "Enter" }), true, false)).toEqual({ type: "commit" });
});

test("undo in another field is left to the browser", () => {
  expect(commandOf(key({ code: "KeyZ", ctrlKey: true }), false, true)).toBeNull();
  expect(commandOf(key({ code: "KeyZ", metaKey: true, shiftKey: true }), true, false)).toEqual({ type: "redo" });
});

test("Alt and a digit assigns a speaker on any keyboard layout", () => {
  expect(commandOf(key({ key: "¡", code: "Digit1", altKey: true }), true, false)).toEqual({
    type: "speaker",
    number: 1,
  });
});

test("Alt+Shift+arrow extends the selection, Alt+arrow moves", () => {
  expect(commandOf(key({ key: "ArrowDown", code: "ArrowDown", altKey: true, shiftKey: true }), true, false)).toEqual({
    type: "extendDown",
  });
  expect(commandOf(key({ key: "ArrowDown", code: "ArrowDown", altKey: true }), true, false)).toEqual({ type: "down" });
  expect(commandOf(key({ key: "≈", code: "KeyX", altKey: true }), true, false)).toEqual({ type: "select" });
});
