// A patch from one document to another, small enough to store: a few segments instead of thousands.
import type { Doc, Segment, Speaker } from "./types";

/** At segment `at` of the first document, `drop` segments are replaced by `put`. These names are stored in browsers. */
interface Hunk {
  readonly at: number;
  readonly drop: number;
  readonly put: readonly Segment[];
}

export interface Patch {
  readonly hunks: readonly Hunk[];
  readonly speakers?: readonly Speaker[];
}

/** Unchanged segments are recognized by identity, because edits leave them as they are. */
export function createPatch(from: Doc, to: Doc): Patch {
  const a = from.segments;
  const b = to.segments;
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const places = new Map<Segment, number>();
  for (let number = head; number < a.length - tail; number += 1) places.set(a[number]!, number);
  const hunks: Hunk[] = [];
  let old = head;
  let put: Segment[] = [];
  const end = (until: number) => {
    if (until > old || put.length) hunks.push({ at: old, drop: until - old, put });
    put = [];
  };
  for (const segment of b.slice(head, b.length - tail)) {
    const place = places.get(segment);
    if (place === undefined || place < old) put.push(segment);
    else {
      end(place);
      old = place + 1;
    }
  }
  end(a.length - tail);
  return from.speakers === to.speakers ? { hunks } : { hunks, speakers: to.speakers };
}

export function applyPatch(doc: Doc, { hunks, speakers = doc.speakers }: Patch): Doc {
  if (hunks.length === 0) return speakers === doc.speakers ? doc : { ...doc, speakers };
  const segments: Segment[] = [];
  let old = 0;
  for (const { at, drop, put } of hunks) {
    if (at < old || at + drop > doc.segments.length) throw new RangeError("this patch belongs to another document");
    segments.push(...doc.segments.slice(old, at), ...put);
    old = at + drop;
  }
  segments.push(...doc.segments.slice(old));
  return { ...doc, speakers, segments };
}
