// The state of the open document: undo history, autosave, and what survives a reload.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { api, type Schemas, unwrap } from "../api/client";
import { createHistory, pushStep, redo, undo } from "../document/history";
import { deserializeHistory, rebaseHistory, serializeHistory } from "../document/storedHistory";
import type { Doc } from "../document/types";
import { session } from "../login/session";
import { loadHistory, removeHistory, saveHistory } from "./historyStorage";
import { Saver } from "./saver";

export type Loaded = Schemas["TranscriptAnswer"];
export type Edit = (change: (doc: Doc) => Doc) => void;

const STORE_DELAY = 400;

/** `commit` commits the text being typed; it is called when the page is closed. */
export function useEditor(recordingId: string, user: string, loaded: Loaded, commit: () => void) {
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

  const discarded = useRef(false);
  const newest = useRef({ history, commit });
  useLayoutEffect(() => {
    newest.current = { history, commit };
  });
  const write = useCallback(() => {
    if (discarded.current || !session.token()) return; // signed out: store nothing
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

  return {
    doc,
    saver,
    state,
    edit: useCallback<Edit>((change) => setHistory((before) => pushStep(before, change(before.present))), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    /** Discards everything that was changed here. */
    forget: useCallback(() => {
      discarded.current = true;
      saver.discard();
      removeHistory(user, recordingId);
    }, [saver, user, recordingId]),
    /** Continues with a version the server created from this one; undo still works. */
    adopt: useCallback(
      ({ number, document }: Loaded) => {
        saver.adopt(number, document);
        setHistory((before) => pushStep(before, document));
      },
      [saver],
    ),
  };
}

/** A version from the server, by default the newest. */
export async function readTranscript(recordingId: string, version?: number): Promise<Loaded> {
  const params = { path: { recording_id: recordingId }, query: { version } };
  // openapi-fetch loses the tuple type of a word.
  return (await unwrap(api.GET("/api/recordings/{recording_id}/transcript", { params }))) as Loaded;
}

/** The newest version, or an older one if this browser has unsaved changes based on it. */
export async function loadTranscript(recordingId: string, user: string): Promise<Loaded> {
  const newest = await readTranscript(recordingId);
  const record = loadHistory(user, recordingId);
  if (!record?.unsaved || record.version >= newest.number) return newest;
  try {
    return await readTranscript(recordingId, record.version);
  } catch {
    // That version was replaced, because the saves of one editing session are one version. Keep its number, so that
    // saving causes a conflict instead of overwriting the newest version.
    const mine = rebaseHistory(newest.document, record.history);
    const history = mine && serializeHistory(newest.document, mine);
    if (!history || mine.past.length === 0) return newest;
    saveHistory(user, recordingId, { version: record.version, unsaved: true, history });
    return { ...newest, number: record.version };
  }
}
