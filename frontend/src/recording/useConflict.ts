// Brings in what was saved elsewhere. Only segments and names that both sides changed are left for a person to decide.
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { History } from "../document/history";
import { type Choice, merge } from "../document/merge";
import { mergeHistory } from "../document/mergeHistory";
import type { Doc } from "../document/types";
import { useNewestVersion } from "../library/liveJobs";
import { type Loaded, readTranscript } from "./readTranscript";
import type { Saver, SaveState } from "./saver";

const RETRY_DELAY = 5000;

interface ConflictOptions {
  recordingId: string;
  saver: Saver<Doc>;
  state: SaveState;
  /** The history of the page, with the text that is being typed. Called outside of rendering. */
  current: () => History<Doc>;
  replace: (history: History<Doc>) => void;
  /** Called when changes from elsewhere are on the page. */
  onMerged: () => void;
}

/** `theirs` is the version that a person has to decide about, by `decide`; null where nothing is open. */
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

  // A newer version is taken in at once; unsaved changes are merged when their save is refused.
  const told = useNewestVersion(recordingId);
  useEffect(() => {
    if (state.kind === "saved" && told > saver.base()[0]) void load().catch(() => undefined);
  }, [told, state.kind, load, saver]);

  return {
    theirs,
    decide: (choose: (key: string) => Choice) => theirs && settle(theirs, choose),
    /** Resolves when no merge is running. */
    settled: () => running.current?.catch(() => undefined) ?? Promise.resolve(),
  };
}
