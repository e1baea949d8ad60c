// The document at hand: its history, its way to the server, and what of it outlives the page.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { answer, api, type Schemas } from "../api/client";
import { begin, redo, step, undo } from "../document/history";
import { packed, rescued, unpacked } from "../document/kept";
import type { Doc } from "../document/types";
import { session } from "../login/session";
import { drop, keep, kept } from "./keep";
import { Saver } from "./saver";

export type Loaded = Schemas["TranscriptAnswer"];
export type Edit = (change: (doc: Doc) => Doc) => void;

const KEEP_PAUSE = 400;

/** `commit` takes over what is being typed; it is called when the page goes away. */
export function useEditor(recordingId: string, user: string, loaded: Loaded, commit: () => void) {
  const [history, setHistory] = useState(() => {
    const record = kept(user, recordingId);
    const fits = record?.version === loaded.number ? unpacked(loaded.document, record.history) : null;
    return fits ?? begin<Doc>(loaded.document);
  });
  const [saver] = useState(
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

  const unwanted = useRef(false);
  const newest = useRef({ history, commit });
  useLayoutEffect(() => {
    newest.current = { history, commit };
  });
  const write = useCallback(() => {
    if (unwanted.current || !session.token()) return; // signed out: nothing stays
    const { past, present, future } = newest.current.history;
    const [version, stored] = saver.base();
    if (past.length + future.length === 0 && present === stored) return;
    const text = packed(stored, newest.current.history);
    if (text) keep(user, recordingId, { version, unsaved: present !== stored, history: text });
  }, [saver, user, recordingId]);
  useEffect(() => {
    const timer = setTimeout(write, KEEP_PAUSE);
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
    edit: useCallback<Edit>((change) => setHistory((before) => step(before, change(before.present))), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    /** Nothing of what was done here is wanted any more. */
    forget: useCallback(() => {
      unwanted.current = true;
      saver.stop();
      drop(user, recordingId);
    }, [saver, user, recordingId]),
    /** Go on with a version that came of what was done here; undo goes back behind it. */
    adopt: useCallback(
      ({ number, document }: Loaded) => {
        saver.adopt(number, document);
        setHistory((before) => step(before, document));
      },
      [saver],
    ),
  };
}

/** What the server has: this version, or the newest. */
export async function readTranscript(recordingId: string, version?: number): Promise<Loaded> {
  const params = { path: { recording_id: recordingId }, query: { version } };
  // openapi-fetch forgets that a word is a tuple.
  return (await answer(api.GET("/api/recordings/{recording_id}/transcript", { params }))) as Loaded;
}

/** The newest version; where this browser has changes of an older one that never arrived, that one. */
export async function loadTranscript(recordingId: string, user: string): Promise<Loaded> {
  const newest = await readTranscript(recordingId);
  const record = kept(user, recordingId);
  if (!record?.unsaved || record.version >= newest.number) return newest;
  try {
    return await readTranscript(recordingId, record.version);
  } catch {
    // That version is gone, for saves of one sitting are one version. Its number stays: nothing goes over the newest unasked.
    const mine = rescued(newest.document, record.history);
    const history = mine && packed(newest.document, mine);
    if (!history || mine.past.length === 0) return newest;
    keep(user, recordingId, { version: record.version, unsaved: true, history });
    return { ...newest, number: record.version };
  }
}
