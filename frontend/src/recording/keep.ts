// Where a history waits for the page to come back: this browser, under the user's own name, until he or she signs out.

const STEM = "meeting-asr.history.";
/** Recordings of which something is kept, and for how long. */
const MOST = 8;
const DAYS = 14;

interface Record {
  readonly version: number;
  readonly unsaved: boolean;
  readonly at: number;
  readonly history: string;
}

export function kept(user: string, recording: string): Record | null {
  return read(STEM + user + "." + recording);
}

/** Keep the history on top of a version; what another window has kept of a newer one stays. */
export function keep(user: string, recording: string, record: Omit<Record, "at">): void {
  const key = STEM + user + "." + recording;
  if ((read(key)?.version ?? 0) > record.version) return;
  drop(user, recording);
  const others = all().sort((a, b) => (read(a)?.at ?? 0) - (read(b)?.at ?? 0));
  const old = Date.now() - DAYS * 86_400_000;
  others.forEach((other, number) => (number <= others.length - MOST || (read(other)?.at ?? 0) < old) && localStorage.removeItem(other));
  try {
    localStorage.setItem(key, JSON.stringify({ ...record, at: Date.now() }));
  } catch {
    // There is no room: undo then ends with the page, and nothing else does.
  }
}

export function drop(user: string, recording: string): void {
  localStorage.removeItem(STEM + user + "." + recording);
}

/** Nothing of what was said stays in a browser that somebody else may use next. */
export function dropAll(): void {
  all().forEach((key) => localStorage.removeItem(key));
}

function all(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(STEM));
}

function read(key: string): Record | null {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null") as Partial<Record> | null;
    return typeof found?.version === "number" && typeof found.history === "string" ? { version: found.version, unsaved: found.unsaved === true, at: found.at ?? 0, history: found.history } : null;
  } catch {
    return null;
  }
}
