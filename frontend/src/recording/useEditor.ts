// The document at hand: its history, and its way to the server.
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { answer, api, type Schemas } from "../api/client";
import { begin, redo, step, undo } from "../document/history";
import type { Doc } from "../document/types";
import { Saver } from "./saver";

export type Loaded = Schemas["TranscriptAnswer"];
export type Edit = (change: (doc: Doc) => Doc) => void;

export function useEditor(recordingId: string, loaded: Loaded) {
  const [history, setHistory] = useState(() => begin<Doc>(loaded.document));
  const saver = useMemo(
    () =>
      new Saver<Doc>(
        async (document, basedOn) => {
          const body = { based_on: basedOn, document: document as Schemas["DocumentForm"] };
          return (await answer(api.PUT("/api/recordings/{recording_id}/transcript", { params: { path: { recording_id: recordingId } }, body }))).number;
        },
        (work, wait) => {
          const timer = setTimeout(work, wait);
          return () => clearTimeout(timer);
        },
        loaded.number,
        loaded.document,
      ),
    [recordingId, loaded.number, loaded.document],
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
  return {
    doc,
    saver,
    state,
    edit: useCallback<Edit>((change) => setHistory((before) => step(before, change(before.present))), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
  };
}
