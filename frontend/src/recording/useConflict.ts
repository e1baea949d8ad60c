// Brings in what was saved elsewhere. Only segments and names that both sides changed are left for a person to decide.
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { History } from "../document/history";
import { type Choice, type Merge, merge } from "../document/merge";
import { mergeHistory } from "../document/mergeHistory";
import type { Doc } from "../document/types";
import { type Loaded, readTranscript } from "./readTranscript";
import type { Saver, SaveState } from "./saver";

const RETRY_DELAY = 5000;

export interface Conflict {
  /** The version that was saved elsewhere. */
  readonly theirs: Loaded;
  readonly merge: Merge;
}

interface ConflictOptions {
  recordingId: string;
  saver: Saver<Doc>;
  state: SaveState;
  /** The history of the page, with the text that is being typed. Called outside of rendering. */
  current: () => History<Doc>;
  replace: (history: History<Doc>) => void;
  /** Called with the number of segments that were changed elsewhere and are now on the page. */
  onMerged: () => void;
}

/** `conflict` is what a person has to decide; `check` looks for a newer version, at least `number`, at once. */
export function useConflict({ recordingId, saver, state, current, replace, onMerged }: ConflictOptions) {
  const [theirs, setTheirs] = useState<Loaded | null>(null);
  const running = useRef<Promise<void> | null>(null);
  const options = useRef({ current, replace, onMerged });
  useEffect(() => {
    options.current = { current, replace, onMerged };
  });

  const settle = useCallback(
    (newest: Loaded, choose: ((key: string) => Choice) | null) => {
      const kind = saver.snapshot().kind;
      // While something is being saved, the answer tells whether it was based on the newest version.
      if (kind === "saving" || newest.number <= saver.base()[0]) return setTheirs(null);
      const history = options.current.current();
      const base = saver.base()[1];
      const found = merge(base, history.present, newest.document);
      if (found.conflicts.length + found.names.length > 0 && choose === null) return setTheirs(newest);
      const merged = mergeHistory(history, base, found.theirs, choose ?? (() => "theirs"));
      flushSync(() => {
        saver.rebase(newest.number, found.theirs, merged.present);
        options.current.replace(merged);
        setTheirs(null);
      });
      options.current.onMerged();
    },
    [saver],
  );

  const load = useCallback(() => {
    running.current ??= readTranscript(recordingId)
      .then((newest) => settle(newest, null))
      .finally(() => {
        running.current = null;
      });
    return running.current;
  }, [recordingId, settle]);

  const newest = state.kind === "conflict" ? state.newest : null;
  useEffect(() => {
    if (newest === null) return;
    let timer = 0;
    const attempt = () => void load().catch(() => (timer = window.setTimeout(attempt, RETRY_DELAY)));
    attempt();
    return () => clearTimeout(timer);
  }, [newest, load]);

  return {
    theirs,
    load,
    decide: (choose: (key: string) => Choice) => theirs && settle(theirs, choose),
    /** Resolves when no merge is running. */
    settled: () => running.current?.catch(() => undefined) ?? Promise.resolve(),
  };
}
