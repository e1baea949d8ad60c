import { expect, test } from "vitest";
import { commandOf, type Key } from "./keys";

const key = (values: Partial<Key>): Key => ({ key: "", code: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, isComposing: false, ...values });

test("a space is a space in the text, and plays outside of it", () => {
  expect(commandOf(key({ key: " " }), true, false)).toBeNull();
  expect(commandOf(key({ key: " " }), false, true)).toBeNull();
  expect(commandOf(key({ key: " " }), false, false)).toEqual({ does: "play" });
});

test("the Enter that ends an input method's word is not ours", () => {
  expect(commandOf(key({ key: "Enter", isComposing: true }), true, false)).toBeNull();
  expect(commandOf(key({ key: "Enter" }), true, false)).toEqual({ does: "commit" });
});

test("undo in another field is that field's own", () => {
  expect(commandOf(key({ code: "KeyZ", ctrlKey: true }), false, true)).toBeNull();
  expect(commandOf(key({ code: "KeyZ", metaKey: true, shiftKey: true }), true, false)).toEqual({ does: "redo" });
});

test("Alt and a digit names a speaker, whatever sign the keyboard writes", () => {
  expect(commandOf(key({ key: "¡", code: "Digit1", altKey: true }), true, false)).toEqual({ does: "speaker", number: 1 });
});

test("Shift beside Alt and an arrow chooses, Alt alone walks", () => {
  expect(commandOf(key({ key: "ArrowDown", code: "ArrowDown", altKey: true, shiftKey: true }), true, false)).toEqual({ does: "chooseDown" });
  expect(commandOf(key({ key: "ArrowDown", code: "ArrowDown", altKey: true }), true, false)).toEqual({ does: "down" });
  expect(commandOf(key({ key: "≈", code: "KeyX", altKey: true }), true, false)).toEqual({ does: "choose" });
});
