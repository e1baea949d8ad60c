// Serializes an undo history for a reload: steps as patches, nearest first, within a size limit.

import { setTexts } from "./edit";
import { createHistory, type History, pushStep } from "./history";
import { applyPatch, createPatch, type Patch } from "./patch";
import type { Doc } from "./types";

/** `present` leads from the saved document to the page's, `past` and `future` from there. Stored in browsers. */
interface StoredHistory {
  readonly present: Patch;
  readonly past: readonly Patch[];
  readonly future: readonly Patch[];
}

/** Size limits in characters: of all steps, and of unsaved changes, which matter more. */
const MAX_STEPS_LENGTH = 300_000;
const MAX_PRESENT_LENGTH = 1_500_000;

/** The history as text, relative to the saved document; null if it is too large. */
export function serializeHistory(stored: Doc, { past, present, future }: History<Doc>): string | null {
  const now = patchText(stored, present);
  if (now.length > MAX_PRESENT_LENGTH) return null;
  let room = MAX_STEPS_LENGTH;
  const chain = (steps: readonly Doc[]) => {
    const serialized: string[] = [];
    let from = present;
    for (const to of steps) {
      const step = patchText(from, to);
      room -= step.length;
      if (room < 0) break;
      serialized.push(step);
      from = to;
    }
    return serialized;
  };
  return `{"present":${now},"past":[${chain(past.toReversed()).join()}],"future":[${chain(future).join()}]}`;
}

/** The history for the same saved document; null if the text does not fit it. */
export function deserializeHistory(stored: Doc, text: string): History<Doc> | null {
  try {
    const parsed = JSON.parse(text) as StoredHistory;
    const chain = (from: Doc, steps: readonly Patch[]) => {
      let last = from;
      return steps.map((step) => (last = applyPatch(last, step)));
    };
    const present = applyPatch(stored, parsed.present);
    return { past: chain(present, parsed.past).toReversed(), present, future: chain(present, parsed.future) };
  } catch {
    return null;
  }
}

/** Applies the unsaved texts to another document by segment id; times and speakers are that document's. */
export function rebaseHistory(doc: Doc, text: string): History<Doc> | null {
  try {
    const { present } = JSON.parse(text) as StoredHistory;
    const texts = new Map(present.hunks.flatMap((hunk) => hunk.put.map((segment) => [segment.id, segment.text])));
    return pushStep(createHistory(doc), setTexts(doc, texts));
  } catch {
    return null;
  }
}

// Documents are immutable, so the patch between two of them is computed once.
const cache = new WeakMap<Doc, WeakMap<Doc, string>>();

function patchText(from: Doc, to: Doc): string {
  let some = cache.get(from);
  if (!some) cache.set(from, (some = new WeakMap()));
  let text = some.get(to);
  if (text === undefined) some.set(to, (text = JSON.stringify(createPatch(from, to))));
  return text;
}
