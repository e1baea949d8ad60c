// Splits segments into blocks of a few dozen, so that layout, drawing and comparison work on blocks.
import type { Segment } from "./types";

export interface Block {
  readonly key: number;
  readonly segments: readonly Segment[];
}

const SIZE = 40;
/** A block may grow to this size before it is split: a row that moves to another block loses the caret. */
const LARGEST = 400;

/** The segments in blocks. A segment stays in its block, and an unchanged block keeps its identity. */
export function blocksOf(segments: readonly Segment[], before: readonly Block[] = []): Block[] {
  const home = new Map<string, number>();
  before.forEach((block, number) => block.segments.forEach((segment) => home.set(segment.id, number)));
  const groups: Segment[][] = before.map(() => []);
  if (groups.length === 0) groups.push([]);
  let at = 0;
  for (const segment of segments) {
    at = Math.max(at, home.get(segment.id) ?? at);
    groups[at]!.push(segment);
  }
  let fresh = Math.max(-1, ...before.map((block) => block.key)) + 1;
  return groups.flatMap((group, number): Block[] => {
    const old = before[number];
    if (old && same(old.segments, group)) return [old];
    if (old && group.length > 0 && group.length <= LARGEST) return [{ key: old.key, segments: group }];
    const cut: Block[] = [];
    for (let from = 0; from < group.length; from += SIZE)
      cut.push({ key: fresh++, segments: group.slice(from, from + SIZE) });
    return cut;
  });
}

function same(some: readonly Segment[], others: readonly Segment[]): boolean {
  return some.length === others.length && some.every((one, number) => one === others[number]);
}
