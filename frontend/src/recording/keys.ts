// Which keys do what. Alt and a letter is read by its place on the keyboard: macOS writes other signs with it.

export type Command =
  | { readonly does: "play" | "replay" | "back" | "forward" | "slower" | "faster" | "up" | "down" | "nextMark" | "lastMark" | "choose" | "chooseUp" | "chooseDown" | "split" | "merge" | "remove" | "commit" | "leave" | "undo" | "redo" | "find" | "save" | "help" }
  | { readonly does: "speaker"; readonly number: number };

export type Key = Pick<KeyboardEvent, "key" | "code" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "isComposing">;

type Alone = Exclude<Command["does"], "speaker">;

const WITH_ALT: Readonly<Record<string, Alone>> = {
  KeyK: "play",
  KeyP: "replay",
  KeyJ: "back",
  KeyL: "forward",
  BracketLeft: "slower",
  BracketRight: "faster",
  ArrowUp: "up",
  ArrowDown: "down",
  Period: "nextMark",
  Comma: "lastMark",
  KeyX: "choose",
  KeyM: "merge",
  KeyH: "help",
};

/** What a key asks for; `inText` is whether the caret is in a segment, `inField` in some other field. */
export function commandOf(key: Key, inText: boolean, inField: boolean): Command | null {
  if (key.isComposing) return null; // an input method is at work
  const control = key.ctrlKey || key.metaKey;
  if (control && !key.altKey) {
    if (key.code === "KeyS") return { does: "save" };
    if (key.code === "KeyF") return { does: "find" };
    if (inField) return null;
    if (key.code === "KeyZ") return { does: key.shiftKey ? "redo" : "undo" };
    if (key.code === "KeyY") return { does: "redo" };
    if (inText && key.key === "Enter") return { does: "split" };
    if (inText && key.shiftKey && key.key === "Backspace") return { does: "remove" };
    return null;
  }
  if (key.altKey && !control) {
    if (key.shiftKey && (key.key === "ArrowUp" || key.key === "ArrowDown")) return { does: key.key === "ArrowUp" ? "chooseUp" : "chooseDown" };
    const digit = /^Digit([1-9])$/.exec(key.code);
    if (digit) return { does: "speaker", number: Number(digit[1]) };
    const does = WITH_ALT[key.code];
    return does ? { does } : null;
  }
  if (inText) {
    if (key.key === "Enter") return { does: "commit" };
    if (key.key === "Escape") return { does: "leave" };
    return null;
  }
  if (inField) return null;
  if (key.key === "Escape") return { does: "leave" };
  if (key.key === " ") return { does: "play" };
  if (key.key === "?") return { does: "help" };
  if (key.key === "ArrowLeft") return { does: "back" };
  if (key.key === "ArrowRight") return { does: "forward" };
  return null;
}
