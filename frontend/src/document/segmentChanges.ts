// What one side changed, in units as small as ids allow: a unit replaces a run of the base's segments by others.
import type { Segment } from "./types";

/** The `drop` segments of the base from index `at` are replaced by `put`. */
export interface SegmentsChange {
  readonly at: number;
  readonly drop: number;
  readonly put: readonly Segment[];
}

/** Equal segments must be the same objects. A unit begins at each segment that both sides have. */
export function changesOf(base: readonly Segment[], side: readonly Segment[]): SegmentsChange[] {
  const places = new Map(base.map((segment, place) => [segment.id, place]));
  const changes: SegmentsChange[] = [];
  let unit: { at: number; put: Segment[] } = { at: 0, put: [] };
  const end = (until: number) => {
    const { at, put } = unit;
    if (at < until && put.length > 0 && put[0] === base[at]) {
      if (until > at + 1 || put.length > 1) changes.push({ at: at + 1, drop: until - at - 1, put: put.slice(1) });
    } else if (until > at || put.length > 0) changes.push({ at, drop: until - at, put });
  };
  let next = 0;
  for (const segment of side) {
    const place = places.get(segment.id);
    if (place === undefined || place < next) {
      unit.put.push(segment);
      continue;
    }
    end(place);
    unit = { at: place, put: [segment] };
    next = place + 1;
  }
  end(base.length);
  return changes;
}
