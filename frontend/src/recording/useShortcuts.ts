// Handles the keyboard shortcuts of the editor.
import { useEffect, useRef } from "react";
import { focusedRow } from "./segmentRows";
import { type Command, commandOf } from "./shortcuts";
import { heardText } from "./writtenText";

/** Calls `run` with the command of a key press, unless a dialog is open or the key belongs to the browser. */
export function useShortcuts(run: (command: Command) => void, textOf: (segment: string) => string | undefined) {
  function press(event: KeyboardEvent) {
    if (
      event.defaultPrevented ||
      document.querySelector(
        ".ant-modal-wrap:not([style*='display: none']), .ant-drawer-open, .ant-dropdown:not(.ant-dropdown-hidden), .name-menu:not(.ant-popover-hidden)",
      )
    )
      return;
    const target = event.target as HTMLElement;
    const row = focusedRow();
    const control = target.closest(
      "input:not([type=checkbox]), textarea, select, [role=combobox], [role=menu], [role=radiogroup]",
    );
    const button = event.key === " " && target.closest("button, a, input, [tabindex='0']:not(.words)");
    const command = button ? null : commandOf(event, row !== null, control !== null);
    if (!command) return;
    // Text that is not committed yet is undone by the browser.
    if ((command.type === "undo" || command.type === "redo") && row && heardText(row.words) !== textOf(row.id)) return;
    event.preventDefault();
    run(command);
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
