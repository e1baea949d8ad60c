// The text of a row as it is written for readers, in the DOM. While it is edited it is what was heard.
import { heardOffset, isUnit, partsOf, type Span, write, writtenOffset } from "../document/written";

interface Shown {
  readonly heard: string;
  readonly written: string;
  readonly spans: readonly Span[];
}

/** The rows that show something else than what was heard. */
const shown = new WeakMap<HTMLElement, Shown>();

/** Shows the text as it is written. A number tells on hovering what was heard, by `titleOf`. */
export function showWritten(
  words: HTMLElement,
  heard: string,
  spans: readonly Span[],
  titleOf: (heard: string) => string,
) {
  const now = shown.get(words);
  if (!spans.length) {
    shown.delete(words);
    if (words.textContent !== heard || now) words.textContent = heard;
    return;
  }
  if (now?.heard === heard && now.spans === spans) return;
  const nodes: (HTMLElement | string)[] = [];
  const units = new Set(spans.filter(isUnit).map(([, , text]) => text));
  for (const part of partsOf(heard, spans)) {
    if (part.heard !== null && units.has(part.text)) {
      const element = document.createElement("span");
      element.className = "written";
      element.title = titleOf(part.heard);
      element.textContent = part.text;
      nodes.push(element);
    } else if (typeof nodes.at(-1) === "string") nodes.push(`${nodes.pop() as string}${part.text}`);
    else nodes.push(part.text);
  }
  words.replaceChildren(...nodes);
  shown.set(words, { heard, written: write(heard, spans), spans });
}

/** Shows what was heard, with the caret or the selection at the same place; before the text is edited. */
export function showHeard(words: HTMLElement) {
  const now = shown.get(words);
  if (!now) return;
  const selection = getSelection();
  const anchor = selection?.anchorNode && offsetIn(words, selection.anchorNode, selection.anchorOffset);
  const focus = selection?.focusNode && offsetIn(words, selection.focusNode, selection.focusOffset);
  shown.delete(words);
  words.textContent = now.heard;
  const text = words.firstChild;
  if (text && typeof anchor === "number" && typeof focus === "number")
    selection!.setBaseAndExtent(text, heardOffset(now.spans, anchor), text, heardOffset(now.spans, focus));
}

export function showsWritten(words: HTMLElement): boolean {
  return shown.has(words);
}

/** The text of a row as it was heard, with what has been typed. */
export function heardText(words: HTMLElement): string {
  const now = shown.get(words);
  return now?.written === words.textContent ? now.heard : words.textContent;
}

/** The caret's offset in what was heard, in UTF-16 units; the end of the text if the caret is elsewhere. */
export function caretOffset(words: HTMLElement): number {
  const selection = getSelection();
  const offset = selection?.focusNode ? offsetIn(words, selection.focusNode, selection.focusOffset) : null;
  if (offset === null) return heardText(words).length;
  return heardOffset(shown.get(words)?.spans ?? [], offset);
}

/** The selected range of what was heard; null where the selection is empty or goes beyond the row. */
export function selectedRange(words: HTMLElement): readonly [from: number, to: number] | null {
  const selection = getSelection();
  const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const from = range && offsetIn(words, range.startContainer, range.startOffset);
  const to = range && offsetIn(words, range.endContainer, range.endOffset);
  if (typeof from !== "number" || typeof to !== "number") return null;
  const spans = shown.get(words)?.spans ?? [];
  return [heardOffset(spans, from), heardOffset(spans, to)];
}

/** The range of the DOM for a range of what was heard. */
export function rangeIn(words: HTMLElement, from: number, to: number): Range | null {
  const spans = shown.get(words)?.spans ?? [];
  const start = positionIn(words, writtenOffset(spans, from), "start");
  const end = positionIn(words, writtenOffset(spans, to, "end"), "end");
  if (!start || !end) return null;
  const range = new Range();
  range.setStart(...start);
  range.setEnd(...end);
  return range;
}

/** How many characters of the row are before a place in the DOM; null outside of the row. */
function offsetIn(words: HTMLElement, node: Node, offset: number): number | null {
  if (!words.contains(node)) return null;
  const range = new Range();
  range.setStart(words, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

function positionIn(words: HTMLElement, offset: number, side: "start" | "end"): [Node, number] | null {
  const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
  let before = 0;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const length = (node as Text).data.length;
    if (side === "end" ? offset <= before + length : offset < before + length) return [node, offset - before];
    before += length;
  }
  return null;
}
