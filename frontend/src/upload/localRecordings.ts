// Microphone recordings, stored piece by piece in IndexedDB until they are uploaded: a reload or crash loses at most a
// second. The database, its stores and the lock are called "takes" in users' browsers, so these names stay.
import i18n from "i18next";

/** A mark or a note made while recording, at a second of the recording. A mark has no text. */
export interface RecordingNote {
  readonly at: number;
  readonly text: string;
}

export interface LocalRecording {
  readonly id: string;
  readonly user: string;
  readonly type: string;
  readonly begun: number;
  /** Recorded seconds without pauses. */
  readonly seconds: number;
  readonly pieces: number;
  /** What the person called it, or empty; missing, like the notes, in recordings of older versions. */
  readonly name?: string;
  readonly notes?: readonly RecordingNote[];
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open("takes", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("takes", { keyPath: "id" });
      request.result.createObjectStore("pieces");
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error ?? new Error("IndexedDB"));
  });
}

/** Runs `work` in a transaction; resolves when it is on the disk. */
async function transaction<Result>(
  mode: IDBTransactionMode,
  work: (recordings: IDBObjectStore, pieces: IDBObjectStore) => IDBRequest<Result> | undefined,
): Promise<Result> {
  const database = await open();
  try {
    return await new Promise<Result>((done, fail) => {
      const change = database.transaction(["takes", "pieces"], mode, { durability: "strict" });
      const request = work(change.objectStore("takes"), change.objectStore("pieces"));
      change.oncomplete = () => done(request ? request.result : (undefined as Result));
      change.onerror = change.onabort = () => fail(change.error ?? new Error("IndexedDB"));
    });
  } finally {
    database.close();
  }
}

/** Stores a piece and the updated count in one transaction. */
export function savePiece(recording: LocalRecording, piece: Blob): Promise<void> {
  return transaction<void>("readwrite", (recordings, pieces) => {
    pieces.put(piece, [recording.id, recording.pieces - 1]);
    recordings.put(recording);
    return undefined;
  });
}

/** Stores the name and the notes of a recording that is already stored. */
export function saveFacts(recording: LocalRecording): Promise<void> {
  return transaction<void>("readwrite", (recordings) => {
    recordings.put(recording);
    return undefined;
  });
}

export async function recordingsOf(user: string): Promise<LocalRecording[]> {
  const all = await transaction<LocalRecording[]>(
    "readonly",
    (recordings) => recordings.getAll() as IDBRequest<LocalRecording[]>,
  );
  return all.filter((recording) => recording.user === user).toSorted((a, b) => a.begun - b.begun);
}

export async function fileOf(recording: LocalRecording): Promise<File> {
  const range = IDBKeyRange.bound([recording.id, 0], [recording.id, recording.pieces]);
  const pieces = await transaction<Blob[]>("readonly", (_, all) => all.getAll(range) as IDBRequest<Blob[]>);
  const extension = recording.type.includes("mp4") ? "m4a" : recording.type.includes("ogg") ? "ogg" : "webm";
  return new File(pieces, `${recordingName(recording)}.${extension}`, {
    type: recording.type,
    lastModified: recording.begun,
  });
}

export async function deleteLocalRecording(id: string): Promise<void> {
  await transaction<void>("readwrite", (recordings, pieces) => {
    recordings.delete(id);
    pieces.delete(IDBKeyRange.bound([id, 0], [id, Infinity]));
    return undefined;
  });
  dispatchEvent(new Event("local-recordings-changed"));
}

export function recordingName(recording: LocalRecording): string {
  if (recording.name?.trim()) return recording.name.trim();
  const two = (number: number) => String(number).padStart(2, "0");
  const at = new Date(recording.begun);
  return i18n.t("record.named", {
    at: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}.${two(at.getMinutes())}`,
  });
}

/** The recordings that no window is recording at the moment: a recording window holds the lock. */
export async function idleLocalRecordings(user: string): Promise<LocalRecording[]> {
  if (!("indexedDB" in window)) return [];
  const held = new Set((await navigator.locks?.query())?.held?.map((lock) => lock.name));
  return (await recordingsOf(user)).filter((recording) => !held.has(`take:${recording.id}`));
}
