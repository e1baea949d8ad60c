// Lights the character that is heard: one class-like attribute on the segment, one range of the Custom Highlight API.
import { rangeAt, segmentAt } from "../document/time";
import type { Segment } from "../document/types";
import { rowOf } from "./rows";

/** A ticker that lights what is heard in `list`. */
export function lighter(list: HTMLElement, segments: () => readonly Segment[], reached: (row: HTMLElement) => void) {
  let lit: HTMLElement | null = null;
  let segment: Segment | null = null;
  let range: readonly [number, number] | null = null;

  function tick(time: number) {
    const all = segments();
    const number = segmentAt(all, time);
    const now = all[number];
    const heard = now && time <= now.end + 0.5 ? now : null;
    // Looked for once a segment and not once a frame.
    const row = heard?.id === segment?.id && lit?.isConnected ? lit : heard ? rowOf(list, heard.id) : null;
    if (row !== lit) {
      lit?.removeAttribute("data-heard");
      row?.setAttribute("data-heard", "");
      lit = row;
      if (row) reached(row);
    }
    const next = heard ? rangeAt(heard, time) : null;
    if (heard === segment && next?.[0] === range?.[0] && next?.[1] === range?.[1]) return;
    segment = heard;
    range = next;
    light("heard", row && heard && next ? [[row, heard.text, next[0], next[1]]] : []);
  }

  function stop() {
    lit?.removeAttribute("data-heard");
    light("heard", []);
  }

  return { tick, stop };
}

/** Light ranges of text in rows; a text that is being changed at the moment is left alone. */
export function light(name: string, places: [row: HTMLElement, text: string, from: number, to: number][]) {
  if (typeof Highlight === "undefined") return;
  const ranges: Range[] = [];
  for (const [row, text, from, to] of places) {
    const node = row.querySelector(".words")?.firstChild;
    if (!(node instanceof Text) || node.data !== text) continue;
    const range = new Range();
    range.setStart(node, from);
    range.setEnd(node, to);
    ranges.push(range);
  }
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
  else CSS.highlights.delete(name);
}

/** Where in its text the caret is, in UTF-16 units; the end where it is not in it. */
export function caretIn(words: HTMLElement): number {
  const selection = getSelection();
  if (!selection?.focusNode || !words.contains(selection.focusNode)) return words.textContent.length;
  const range = new Range();
  range.setStart(words, 0);
  range.setEnd(selection.focusNode, selection.focusOffset);
  return range.toString().length;
}

export function setCaret(words: HTMLElement, offset: number) {
  words.focus();
  const node = words.firstChild;
  if (node) getSelection()?.collapse(node, Math.min(offset, node.textContent?.length ?? 0));
}
