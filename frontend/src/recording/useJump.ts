// Going to a segment: in time and on the page, also where its row is not there yet.
import { useRef, type RefObject } from "react";
import { flushSync } from "react-dom";
import type { Segment } from "../document/types";
import type { Player } from "./player";
import { rowOf } from "./rows";

export interface Jump {
  /** Show it, and have the player ready there. */
  to(segment: Segment): void;
  /** Show it and play it. */
  play(segment: Segment): void;
  /** Only show it. */
  reveal(segment: Segment): void;
  /** Where one went last. */
  readonly last: RefObject<string | null>;
}

interface Page {
  list: RefObject<HTMLDivElement | null>;
  whole: RefObject<() => void>;
  player: Player;
  /** Bring the text to the front. */
  show: () => unknown;
}

export function useJump({ list, whole, player, show }: Page): Jump {
  const last = useRef<string | null>(null);
  function reveal(segment: Segment) {
    last.current = segment.id;
    flushSync(() => {
      show();
      if (!rowOf(list.current, segment.id)) whole.current();
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
