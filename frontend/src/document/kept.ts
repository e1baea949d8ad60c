// A history made small enough to be kept over a reload: the steps as differences, the nearest ones first.
import { applied, between, type Delta } from "./delta";
import { setTexts } from "./edit";
import { begin, step, type History } from "./history";
import type { Doc } from "./types";

/** `present` leads from the stored document to what was on the page, `past` and `future` from there, step by step. */
interface Kept {
  readonly present: Delta;
  readonly past: readonly Delta[];
  readonly future: readonly Delta[];
}

/** Characters of all that is kept, and of what is not stored yet: that is worth more. */
const MOST = 300_000;
const MOST_PRESENT = 1_500_000;

/** The history as text, from a document that the server has; none where that would be too large. */
export function packed(stored: Doc, { past, present, future }: History<Doc>): string | null {
  const now = told(stored, present);
  if (now.length > MOST_PRESENT) return null;
  let room = MOST;
  const chain = (steps: readonly Doc[]) => {
    const kept: string[] = [];
    let from = present;
    for (const to of steps) {
      const step = told(from, to);
      room -= step.length;
      if (room < 0) break;
      kept.push(step);
      from = to;
    }
    return kept;
  };
  return `{"present":${now},"past":[${chain(past.toReversed()).join()}],"future":[${chain(future).join()}]}`;
}

/** The history again, from the same stored document; none where the text does not fit it. */
export function unpacked(stored: Doc, text: string): History<Doc> | null {
  try {
    const kept = JSON.parse(text) as Kept;
    const chain = (from: Doc, steps: readonly Delta[]) => steps.reduce<Doc[]>((docs, step) => [...docs, applied(docs.at(-1) ?? from, step)], []);
    const present = applied(stored, kept.present);
    return { past: chain(present, kept.past).toReversed(), present, future: chain(present, kept.future) };
  } catch {
    return null;
  }
}

/** The texts that were not stored yet, laid on another document, whose segments are as long and by whom they are there. */
export function rescued(doc: Doc, text: string): History<Doc> | null {
  try {
    const { present } = JSON.parse(text) as Kept;
    const texts = new Map(present.hunks.flatMap((hunk) => hunk.put.map((segment) => [segment.id, segment.text])));
    return step(begin(doc), setTexts(doc, texts));
  } catch {
    return null;
  }
}

// Documents are values, so what leads from one to another is worked out once.
const known = new WeakMap<Doc, WeakMap<Doc, string>>();

function told(from: Doc, to: Doc): string {
  let some = known.get(from);
  if (!some) known.set(from, (some = new WeakMap()));
  let text = some.get(to);
  if (text === undefined) some.set(to, (text = JSON.stringify(between(from, to))));
  return text;
}
