// Stores undo histories in localStorage per user and recording, until the user signs out.

const KEY_PREFIX = "meeting-asr.history.";
/** How many recordings are stored, and for how long. */
const MAX_RECORDINGS = 8;
const MAX_AGE_DAYS = 14;

interface StoredRecord {
  readonly version: number;
  readonly unsaved: boolean;
  readonly at: number;
  readonly history: string;
}

export function loadHistory(user: string, recording: string): StoredRecord | null {
  return read(`${KEY_PREFIX}${user}.${recording}`);
}

/** Stores the history of a version, unless another window has stored one of a newer version. */
export function saveHistory(user: string, recording: string, record: Omit<StoredRecord, "at">): void {
  const key = `${KEY_PREFIX}${user}.${recording}`;
  if ((read(key)?.version ?? 0) > record.version) return;
  removeHistory(user, recording);
  const others = all().sort((a, b) => (read(a)?.at ?? 0) - (read(b)?.at ?? 0));
  const old = Date.now() - MAX_AGE_DAYS * 86_400_000;
  others.forEach(
    (other, number) =>
      (number <= others.length - MAX_RECORDINGS || (read(other)?.at ?? 0) < old) && localStorage.removeItem(other),
  );
  try {
    localStorage.setItem(key, JSON.stringify({ ...record, at: Date.now() }));
  } catch {
    // Storage is full: undo does not survive a reload then, but nothing else is lost.
  }
}

export function removeHistory(user: string, recording: string): void {
  localStorage.removeItem(`${KEY_PREFIX}${user}.${recording}`);
}

/** Removes all histories at sign-out: somebody else may use this browser next. */
export function clearHistories(): void {
  all().forEach((key) => localStorage.removeItem(key));
}

function all(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(KEY_PREFIX));
}

function read(key: string): StoredRecord | null {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null") as Partial<StoredRecord> | null;
    return typeof found?.version === "number" && typeof found.history === "string"
      ? { version: found.version, unsaved: found.unsaved === true, at: found.at ?? 0, history: found.history }
      : null;
  } catch {
    return null;
  }
}
