// The difference between two documents for display: segments by id, texts by character.
import type { Doc, Segment } from "./types";
import { matches } from "./words";

export interface Piece {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** A changed segment; `before` is null if it was added, `after` if it was removed. */
export interface SegmentChange {
  readonly before: Segment | null;
  readonly after: Segment | null;
  readonly pieces: readonly Piece[];
  /** The speaker changed. */
  readonly speaker: boolean;
}

/** A speaker who was added, removed or renamed. */
export interface SpeakerChange {
  readonly id: string;
  readonly before: string | null | undefined;
  readonly after: string | null | undefined;
}

export interface Difference {
  readonly speakers: readonly SpeakerChange[];
  readonly segments: readonly SegmentChange[];
}

export function difference(before: Doc, after: Doc): Difference {
  return { speakers: speakerChanges(before, after), segments: segmentChanges(before.segments, after.segments) };
}

/** The pieces of both texts in order; common pieces appear once. */
export function textDifference(before: string, after: string): Piece[] {
  const old = [...before];
  const fresh = [...after];
  const matched = matches(old, fresh);
  const pieces: { kind: Piece["kind"]; text: string }[] = [];
  const add = (kind: Piece["kind"], text: string) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else if (text) pieces.push({ kind, text });
  };
  let at = 0;
  for (let index = 0; index < fresh.length; ) {
    // At one place, removed text comes before added text.
    let until = index;
    while (until < fresh.length && matched[until]! < 0) until += 1;
    const next = until < fresh.length ? matched[until]! : old.length;
    add("removed", old.slice(at, next).join(""));
    add("added", fresh.slice(index, until).join(""));
    at = next;
    if (until < fresh.length) {
      add("same", fresh[until]!);
      at = next + 1;
    }
    index = until + 1;
  }
  add("removed", old.slice(at).join(""));
  return pieces;
}

function segmentChanges(before: readonly Segment[], after: readonly Segment[]): SegmentChange[] {
  const places = new Map(before.map((segment, number) => [segment.id, number]));
  const stays = new Set(after.map((segment) => segment.id));
  const found: SegmentChange[] = [];
  let old = 0;
  const pushRemoved = (until: number) => {
    for (; old < until; old += 1) {
      const segment = before[old]!;
      if (!stays.has(segment.id))
        found.push({ before: segment, after: null, pieces: textDifference(segment.text, ""), speaker: false });
    }
  };
  for (const segment of after) {
    const place = places.get(segment.id);
    if (place === undefined) {
      found.push({ before: null, after: segment, pieces: textDifference("", segment.text), speaker: false });
      continue;
    }
    pushRemoved(place);
    old = Math.max(old, place + 1);
    const one = before[place]!;
    const speaker = (one.speaker ?? null) !== (segment.speaker ?? null);
    if (one.text !== segment.text || speaker)
      found.push({ before: one, after: segment, pieces: textDifference(one.text, segment.text), speaker });
  }
  pushRemoved(before.length);
  return found;
}

function speakerChanges(before: Doc, after: Doc): SpeakerChange[] {
  const was = new Map(before.speakers.map((one) => [one.id, one.name ?? null]));
  const is = new Map(after.speakers.map((one) => [one.id, one.name ?? null]));
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((id) => ({ id, before: was.get(id), after: is.get(id) }))
    .filter((one) => one.before !== one.after);
}
