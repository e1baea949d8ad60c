// The keyboard of the recording page.
import { useEffect, useRef } from "react";
import { commandOf, type Command } from "./keys";
import { openRow } from "./rows";

/** Call `does` with what the keys ask for, unless a window is open over the page or what is typed is the browser's. */
export function useKeys(does: (command: Command) => void, textOf: (segment: string) => string | undefined) {
  function press(event: KeyboardEvent) {
    if (event.defaultPrevented || document.querySelector(".ant-modal-wrap:not([style*='display: none']), .ant-drawer-open, .ant-dropdown:not(.ant-dropdown-hidden)")) return;
    const target = event.target as HTMLElement;
    const row = openRow();
    const control = target.closest("input:not([type=checkbox]), textarea, select, [role=combobox], [role=menu], [role=radiogroup]");
    const button = event.key === " " && target.closest("button, a, input, [tabindex='0']:not(.words)");
    const command = button ? null : commandOf(event, row !== null, control !== null);
    if (!command) return;
    // Typing that is not taken over yet is the browser's to undo.
    if ((command.does === "undo" || command.does === "redo") && row && row.words.textContent !== textOf(row.id)) return;
    event.preventDefault();
    does(command);
  }
  const pressed = useRef(press);
  useEffect(() => {
    pressed.current = press;
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed.current(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
