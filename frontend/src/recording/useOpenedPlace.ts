// Where a link into a recording lands: `#at=12.34` is a second of it. The text is shown there, and playing begins there.
import { useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { segmentAt } from "../document/time";
import type { Segment } from "../document/types";

export function useOpenedPlace(segments: readonly Segment[], open: (segment: Segment, time: number) => void) {
  const { hash, key } = useLocation();
  const opened = useRef<string | null>(null);
  useEffect(() => {
    const time = Number(/^#at=(\d+(?:\.\d+)?)$/.exec(hash)?.[1] ?? Number.NaN);
    const segment = segments[segmentAt(segments, time)];
    if (Number.isNaN(time) || !segment || opened.current === key) return;
    opened.current = key; // not again after an edit
    open(segment, time);
  }, [hash, key, segments, open]);
}
