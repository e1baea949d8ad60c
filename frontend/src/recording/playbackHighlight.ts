// Highlights what is playing: an attribute on the segment and a range of the CSS Custom Highlight API on the word.
import { rangeAt, segmentAt } from "../document/time";
import type { Segment } from "../document/types";
import { rowOf, wordsOf } from "./segmentRows";
import { heardText, rangeIn } from "./writtenText";

/** A ticker that highlights what is playing in `list`. */
export function playbackHighlighter(
  list: HTMLElement,
  segments: () => readonly Segment[],
  reached: (row: HTMLElement) => void,
) {
  let highlighted: HTMLElement | null = null;
  let segment: Segment | null = null;
  let range: readonly [number, number] | null = null;

  function tick(time: number) {
    const all = segments();
    const number = segmentAt(all, time);
    const now = all[number];
    const playing = now && time <= now.end + 0.5 ? now : null;
    // Query the DOM once per segment, not once per frame.
    const row =
      playing?.id === segment?.id && highlighted?.isConnected ? highlighted : playing ? rowOf(list, playing.id) : null;
    if (row !== highlighted) {
      highlighted?.removeAttribute("data-playing");
      row?.setAttribute("data-playing", "");
      highlighted = row;
      if (row) reached(row);
    }
    const next = playing ? rangeAt(playing, time) : null;
    if (playing === segment && next?.[0] === range?.[0] && next?.[1] === range?.[1]) return;
    segment = playing;
    range = next;
    highlight("playing", row && playing && next ? [[row, playing.text, next[0], next[1]]] : []);
  }

  function stop() {
    highlighted?.removeAttribute("data-playing");
    highlight("playing", []);
  }

  return { tick, stop };
}

/** Highlights ranges of what was heard in rows, except in a text that is being edited. */
export function highlight(name: string, texts: [row: HTMLElement, text: string, from: number, to: number][]) {
  if (typeof Highlight === "undefined") return;
  const ranges: Range[] = [];
  for (const [row, text, from, to] of texts) {
    const words = wordsOf(row);
    const range = words && heardText(words) === text ? rangeIn(words, from, to) : null;
    if (range) ranges.push(range);
  }
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
  else CSS.highlights.delete(name);
}

export function setCaret(words: HTMLElement, offset: number) {
  words.focus();
  const node = words.firstChild;
  if (node) getSelection()?.collapse(node, Math.min(offset, node.textContent?.length ?? 0));
}
