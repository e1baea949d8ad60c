// Serializes an undo history for a reload: steps as patches, nearest first, within a size limit.

import { setTexts } from "./edit";
import { createHistory, type History, pushStep } from "./history";
import { applyPatch, createPatch, type Patch } from "./patch";
import type { Doc, Segment, Speaker } from "./types";

/** What the saved document was where `present` changes it: its segments at each hunk, and the id of the one before. */
interface StoredBase {
  readonly speakers: readonly Speaker[];
  readonly hunks: readonly { readonly after: string | null; readonly segments: readonly Segment[] }[];
}

/** `present` leads from the saved document to the page's, `past` and `future` from there. Stored in browsers. */
interface StoredHistory {
  readonly present: Patch;
  readonly base?: StoredBase;
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
  return `{"present":${now},"base":${JSON.stringify(baseOf(stored, present))},"past":[${chain(past.toReversed()).join()}],"future":[${chain(future).join()}]}`;
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

/**
 * The unsaved changes of a saved document that is gone, on top of another one: `base` is that one with the old
 * segments where they were changed, so that the changes of both sides can be merged.
 */
export function rebaseHistory(doc: Doc, text: string): { base: Doc; history: History<Doc> } | null {
  try {
    const { present, base: was } = JSON.parse(text) as StoredHistory;
    if (!was) {
      const texts = new Map(present.hunks.flatMap((hunk) => hunk.put.map((segment) => [segment.id, segment.text])));
      return { base: doc, history: pushStep(createHistory(doc), setTexts(doc, texts)) };
    }
    const rows = rowsWithHunks(doc.segments, was);
    const segments = (of: (hunk: number) => readonly Segment[]) =>
      rows.flatMap((row) => (typeof row === "number" ? of(row) : [row]));
    const base = { ...doc, speakers: was.speakers, segments: segments((hunk) => was.hunks[hunk]!.segments) };
    const mine = {
      ...base,
      speakers: present.speakers ?? was.speakers,
      segments: segments((hunk) => present.hunks[hunk]!.put),
    };
    return { base, history: pushStep(createHistory<Doc>(base), mine) };
  } catch {
    return null;
  }
}

function baseOf(stored: Doc, present: Doc): StoredBase {
  const hunks = createPatch(stored, present).hunks.map(({ at, drop }) => ({
    after: stored.segments[at - 1]?.id ?? null,
    segments: stored.segments.slice(at, at + drop),
  }));
  return { speakers: stored.speakers, hunks };
}

/** The segments, and the number of each hunk in place of the segments that it had changed. */
function rowsWithHunks(segments: readonly Segment[], { hunks }: StoredBase): (Segment | number)[] {
  let rows: (Segment | number)[] = [...segments];
  hunks.forEach(({ after, segments: old }, number) => {
    const ids = new Set(old.map((one) => one.id));
    const isOld = (row: Segment | number) => typeof row !== "number" && ids.has(row.id);
    let at = rows.findIndex(isOld);
    if (at < 0) at = rows.findIndex((row) => typeof row !== "number" && row.id === after) + 1;
    rows = [...rows.slice(0, at), number, ...rows.slice(at).filter((row) => !isOld(row))];
  });
  return rows;
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
