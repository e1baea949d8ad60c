// Puts an undo history on top of a newer document, so that undo takes back one's own edits only.
import type { History } from "./history";
import { type Choice, merge, resolve, sameDocument } from "./merge";
import type { Doc } from "./types";

/** Each step merged with `theirs`, which was made from the same `base`. Steps that then change nothing are left out. */
export function mergeHistory(
  { past, present, future }: History<Doc>,
  base: Doc,
  theirs: Doc,
  choose: (key: string) => Choice,
): History<Doc> {
  const onto = (doc: Doc) => resolve(merge(base, doc, theirs), choose);
  const now = onto(present);
  const chain = (steps: readonly Doc[]) => {
    let last = now;
    return steps.map(onto).filter((step) => {
      if (sameDocument(step, last)) return false;
      last = step;
      return true;
    });
  };
  return { past: chain(past.toReversed()).toReversed(), present: now, future: chain(future) };
}
