// Jumps to a segment in the audio and on the page, also if its row is not rendered yet.
import { type RefObject, useRef } from "react";
import { flushSync } from "react-dom";
import type { Segment } from "../document/types";
import type { Player } from "./player";
import { rowOf } from "./segmentRows";

export interface Jump {
  /** Shows the segment and seeks to it. */
  to(segment: Segment): void;
  /** Shows the segment and plays it. */
  play(segment: Segment): void;
  /** Only shows the segment. */
  reveal(segment: Segment): void;
  /** The id of the last segment jumped to. */
  readonly last: RefObject<string | null>;
}

interface JumpOptions {
  list: RefObject<HTMLDivElement | null>;
  renderAll: RefObject<() => void>;
  player: Player;
  /** Makes the segment visible, where the page shows something else. */
  show: (segment: Segment) => void;
}

export function useJump({ list, renderAll, player, show }: JumpOptions): Jump {
  const last = useRef<string | null>(null);
  function reveal(segment: Segment) {
    last.current = segment.id;
    flushSync(() => {
      show(segment);
      if (!rowOf(list.current, segment.id)) renderAll.current();
    });
    const row = rowOf(list.current, segment.id);
    row?.scrollIntoView({ block: "center" });
    row?.animate([{ outline: "2px solid var(--primary)" }, { outline: "2px solid transparent" }], 1600);
  }
  function to(segment: Segment) {
    player.seek(segment.start);
    reveal(segment);
  }
  function play(segment: Segment) {
    to(segment);
    player.play();
  }
  return { to, play, reveal, last };
}
