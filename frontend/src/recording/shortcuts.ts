// The keyboard shortcuts. Alt+letter is read by key code, because macOS types other characters with it.

export type Command =
  | {
      readonly type:
        | "play"
        | "replay"
        | "back"
        | "forward"
        | "slower"
        | "faster"
        | "up"
        | "down"
        | "nextFlag"
        | "previousFlag"
        | "select"
        | "extendUp"
        | "extendDown"
        | "split"
        | "merge"
        | "remove"
        | "times"
        | "commit"
        | "leave"
        | "undo"
        | "redo"
        | "find"
        | "save"
        | "help"
        | "name"
        | "nextArea"
        | "previousArea";
    }
  | { readonly type: "speaker"; readonly number: number };

export type KeyPress = Pick<
  KeyboardEvent,
  "key" | "code" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "isComposing"
>;

type SimpleCommand = Exclude<Command["type"], "speaker">;

const WITH_ALT: Readonly<Record<string, SimpleCommand>> = {
  KeyK: "play",
  KeyP: "replay",
  KeyJ: "back",
  KeyL: "forward",
  BracketLeft: "slower",
  BracketRight: "faster",
  ArrowUp: "up",
  ArrowDown: "down",
  Period: "nextFlag",
  Comma: "previousFlag",
  KeyX: "select",
  KeyM: "merge",
  KeyT: "times",
  KeyH: "help",
  KeyN: "name",
};

/** The command of a key press; `inText`: the caret is in a segment, `inField`: in another field. */
export function commandOf(key: KeyPress, inText: boolean, inField: boolean): Command | null {
  if (key.isComposing) return null; // an input method is active
  const control = key.ctrlKey || key.metaKey;
  if (key.key === "F6" && !control && !key.altKey) return { type: key.shiftKey ? "previousArea" : "nextArea" };
  if (control && !key.altKey) {
    if (key.code === "KeyS") return { type: "save" };
    if (key.code === "KeyF") return { type: "find" };
    if (inField) return null;
    if (key.code === "KeyZ") return { type: key.shiftKey ? "redo" : "undo" };
    if (key.code === "KeyY") return { type: "redo" };
    if (inText && key.key === "Enter") return { type: "split" };
    if (inText && key.shiftKey && key.key === "Backspace") return { type: "remove" };
    return null;
  }
  if (key.altKey && !control) {
    if (key.shiftKey && (key.key === "ArrowUp" || key.key === "ArrowDown"))
      return { type: key.key === "ArrowUp" ? "extendUp" : "extendDown" };
    const digit = /^Digit([1-9])$/.exec(key.code);
    if (digit) return { type: "speaker", number: Number(digit[1]) };
    const type = WITH_ALT[key.code];
    return type ? { type } : null;
  }
  if (inText) {
    if (key.key === "Enter") return { type: "commit" };
    if (key.key === "Escape") return { type: "leave" };
    return null;
  }
  if (inField) return null;
  if (key.key === "Escape") return { type: "leave" };
  if (key.key === " ") return { type: "play" };
  if (key.key === "?") return { type: "help" };
  if (key.key === "ArrowLeft") return { type: "back" };
  if (key.key === "ArrowRight") return { type: "forward" };
  return null;
}
