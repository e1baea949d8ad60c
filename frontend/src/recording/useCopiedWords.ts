// Remembers the words that were cut, copied or dragged in the text, so that they keep their times where they are put.
import { type RefObject, useEffect, useRef } from "react";
import { type CopiedWords, copyWords } from "../document/copiedWords";
import type { Doc } from "../document/types";
import { segmentIdOf, wordsOf } from "./segmentRows";
import { heardText, selectedRange } from "./writtenText";

/** How many are remembered. */
const MAX_COPIES = 20;

export function useCopiedWords(list: RefObject<HTMLElement | null>, doc: Doc): RefObject<readonly CopiedWords[]> {
  const copied = useRef<readonly CopiedWords[]>([]);
  const newest = useRef(doc);
  useEffect(() => {
    newest.current = doc;
  });
  useEffect(() => {
    const element = list.current!;
    const remember = (event: Event) => {
      const words = wordsOf((event.target as Node | null)?.parentElement?.closest<HTMLElement>("[data-segment]"));
      const segment = words && newest.current.segments.find((one) => one.id === segmentIdOf(words));
      const range = segment && heardText(words) === segment.text ? selectedRange(words) : null;
      const clip = range ? copyWords(segment!, ...range) : [];
      if (clip.length > 0) copied.current = [clip, ...copied.current].slice(0, MAX_COPIES);
    };
    const kinds = ["copy", "cut", "dragstart"] as const;
    for (const kind of kinds) element.addEventListener(kind, remember, true);
    return () => {
      for (const kind of kinds) element.removeEventListener(kind, remember, true);
    };
  }, [list]);
  return copied;
}
