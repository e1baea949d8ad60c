// Microphone recordings, kept in this browser piece by piece until the server has them: neither a reload nor a crash loses more than a second.
import i18n from "i18next";

export interface Take {
  readonly id: string;
  readonly user: string;
  readonly type: string;
  readonly begun: number;
  /** Seconds heard so far, pauses left out. */
  readonly seconds: number;
  readonly pieces: number;
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("takes", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("takes", { keyPath: "id" });
      asked.result.createObjectStore("pieces");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error ?? new Error("IndexedDB"));
  });
}

/** Resolves when it is on the disk. */
async function within<Result>(mode: IDBTransactionMode, work: (takes: IDBObjectStore, pieces: IDBObjectStore) => IDBRequest<Result> | void): Promise<Result> {
  const database = await open();
  try {
    return await new Promise<Result>((done, fail) => {
      const change = database.transaction(["takes", "pieces"], mode, { durability: "strict" });
      const asked = work(change.objectStore("takes"), change.objectStore("pieces"));
      change.oncomplete = () => done(asked ? asked.result : (undefined as Result));
      change.onerror = change.onabort = () => fail(change.error ?? new Error("IndexedDB"));
    });
  } finally {
    database.close();
  }
}

/** The piece and the count that knows of it, together or not at all. */
export function keepPiece(take: Take, piece: Blob): Promise<void> {
  return within<void>("readwrite", (takes, pieces) => {
    pieces.put(piece, [take.id, take.pieces - 1]);
    takes.put(take);
  });
}

export async function takesOf(user: string): Promise<Take[]> {
  const all = await within<Take[]>("readonly", (takes) => takes.getAll() as IDBRequest<Take[]>);
  return all.filter((take) => take.user === user).toSorted((a, b) => a.begun - b.begun);
}

export async function fileOf(take: Take): Promise<File> {
  const range = IDBKeyRange.bound([take.id, 0], [take.id, take.pieces]);
  const pieces = await within<Blob[]>("readonly", (_, all) => all.getAll(range) as IDBRequest<Blob[]>);
  const extension = take.type.includes("mp4") ? "m4a" : take.type.includes("ogg") ? "ogg" : "webm";
  return new File(pieces, `${nameOf(take)}.${extension}`, { type: take.type, lastModified: take.begun });
}

export async function dropTake(id: string): Promise<void> {
  await within<void>("readwrite", (takes, pieces) => {
    takes.delete(id);
    pieces.delete(IDBKeyRange.bound([id, 0], [id, Infinity]));
  });
  dispatchEvent(new Event("takes"));
}

export function nameOf(take: Take): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const at = new Date(take.begun);
  return i18n.t("record.named", { at: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}.${two(at.getMinutes())}` });
}

/** Those that nobody is recording at the moment, in whatever window: who records holds the lock. */
export async function restingTakes(user: string): Promise<Take[]> {
  if (!("indexedDB" in window)) return [];
  const held = new Set((await navigator.locks?.query())?.held?.map((lock) => lock.name));
  return (await takesOf(user)).filter((take) => !held.has(`take:${take.id}`));
}
