// The comments of a recording: read, marked in the text, and the place that is selected for a new one.
import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useState } from "react";
import { api, unwrap } from "../api/client";
import type { Segment } from "../document/types";
import { highlight } from "../recording/playbackHighlight";
import { rowOf, segmentIdOf } from "../recording/segmentRows";
import { selectedRange } from "../recording/writtenText";
import { markedRange, type SelectedPlace, type Thread } from "./places";

type List = RefObject<HTMLDivElement | null>;

export function useThreads(id: string) {
  return useQuery({
    queryKey: ["recording", id, "comments"],
    queryFn: () =>
      unwrap(api.GET("/api/recordings/{recording_id}/comments", { params: { path: { recording_id: id } } })),
  });
}

/** Marks open threads in the text, also in rows that are rendered later. */
export function useCommentMarks(list: List, segments: readonly Segment[], threads: readonly Thread[]) {
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const open = threads.filter((one) => one.resolved_at === null);
    const texts = new Map(segments.map((one) => [one.id, one.text]));
    const mark = () =>
      highlight(
        "commented",
        open.flatMap((thread): [HTMLElement, string, number, number][] => {
          const id = thread.place.segment_id;
          const text = id === null ? undefined : texts.get(id);
          const row = id === null ? null : rowOf(element, id);
          const range = text === undefined ? null : markedRange(thread, text);
          return row && range ? [[row, text!, ...range]] : [];
        }),
      );
    let frame = requestAnimationFrame(mark);
    const changes = new MutationObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(mark);
    });
    if (open.length > 0) changes.observe(element, { childList: true, characterData: true, subtree: true });
    return () => {
      changes.disconnect();
      cancelAnimationFrame(frame);
      highlight("commented", []);
    };
  }, [list, segments, threads]);
}

/** What was last selected in one segment; null after a click in the text. */
export function useSelectedPlace(list: List): SelectedPlace | null {
  const [place, setPlace] = useState<SelectedPlace | null>(null);
  useEffect(() => {
    function changed() {
      const node = getSelection()?.anchorNode ?? null;
      const element = node instanceof Element ? node : (node?.parentElement ?? null);
      const words = element?.closest<HTMLElement>(".words");
      if (!words || !list.current?.contains(words)) return;
      const range = selectedRange(words);
      const segment = segmentIdOf(words);
      setPlace(range && segment && range[0] < range[1] ? { segment, from: range[0], to: range[1] } : null);
    }
    document.addEventListener("selectionchange", changed);
    return () => document.removeEventListener("selectionchange", changed);
  }, [list]);
  return place;
}
