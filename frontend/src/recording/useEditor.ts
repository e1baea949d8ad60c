// The state of the open document: undo history, autosave, and what survives a reload.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { api, type Schemas, unwrap } from "../api/client";
import { createHistory, pushStep, redo, undo } from "../document/history";
import { deserializeHistory, serializeHistory } from "../document/storedHistory";
import type { Doc } from "../document/types";
import { session } from "../login/session";
import { loadHistory, saveHistory } from "./historyStorage";
import type { Loaded } from "./readTranscript";
import { Saver } from "./saver";
import { useConflict } from "./useConflict";

export type Edit = (change: (doc: Doc) => Doc) => void;

const STORE_DELAY = 400;

/**
 * `commit` commits the text being typed; it is called when the page is closed, and before what was saved elsewhere is
 * merged, which `onMerged` reports.
 */
export function useEditor(recordingId: string, user: string, loaded: Loaded, commit: () => void, onMerged: () => void) {
  const [history, setHistory] = useState(() => {
    const record = loadHistory(user, recordingId);
    const restored = record?.version === loaded.number ? deserializeHistory(loaded.document, record.history) : null;
    return restored ?? createHistory<Doc>(loaded.document);
  });
  const [saver] = useState(
    () =>
      new Saver<Doc>(
        async (document, basedOn) => {
          const body = { based_on: basedOn, document: document as Schemas["DocumentSchema"] };
          return (
            await unwrap(
              api.PUT("/api/recordings/{recording_id}/transcript", {
                params: { path: { recording_id: recordingId } },
                body,
              }),
            )
          ).number;
        },
        (work, wait) => {
          const timer = setTimeout(work, wait);
          return () => clearTimeout(timer);
        },
        loaded.number,
        loaded.document,
      ),
  );
  const state = useSyncExternalStore(saver.subscribe, saver.snapshot);
  const doc = history.present;
  useEffect(() => saver.change(doc), [saver, doc]);
  useEffect(() => () => void saver.flush(), [saver]);
  useEffect(() => {
    if (state.kind === "saved") return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [state.kind]);

  const newest = useRef({ history, commit });
  useLayoutEffect(() => {
    newest.current = { history, commit };
  });
  const write = useCallback(() => {
    if (!session.token()) return; // signed out: store nothing
    const { past, present, future } = newest.current.history;
    const [version, stored] = saver.base();
    if (past.length + future.length === 0 && present === stored) return;
    const text = serializeHistory(stored, newest.current.history);
    if (text) saveHistory(user, recordingId, { version, unsaved: present !== stored, history: text });
  }, [saver, user, recordingId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: stores the history again after every change or save
  useEffect(() => {
    const timer = setTimeout(write, STORE_DELAY);
    return () => clearTimeout(timer);
  }, [write, history, state]);
  useEffect(() => {
    const leave = () => {
      flushSync(() => newest.current.commit());
      write();
    };
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      write();
    };
  }, [write]);

  const conflict = useConflict({
    recordingId,
    saver,
    state,
    current: () => {
      flushSync(() => newest.current.commit());
      return newest.current.history;
    },
    replace: setHistory,
    onMerged,
  });

  return {
    doc,
    saver,
    state,
    conflict,
    edit: useCallback<Edit>((change) => setHistory((before) => pushStep(before, change(before.present))), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    /** Resolves when everything is saved and merged, saving failed, or there is something to decide. */
    flush: async () => {
      await saver.flush();
      await conflict.settled();
      await saver.flush();
    },
    /** Continues with a version the server created from this one; undo still works. */
    adopt: useCallback(
      ({ number, document }: Loaded) => {
        saver.rebase(number, document, document);
        setHistory((before) => pushStep(before, document));
      },
      [saver],
    ),
  };
}
