// Keeps the draft of edited minutes in localStorage, so that it survives a reload, until it is saved or dropped.
import type { Draft } from "./draft";

const KEY_PREFIX = "meeting-asr.minutes-draft.";
const MAX_AGE_DAYS = 14;

export interface StoredDraft {
  /** The version of the minutes that was edited. */
  readonly base: number;
  readonly draft: Draft;
}

export function loadDraft(user: string, recording: string): StoredDraft | null {
  return read(`${KEY_PREFIX}${user}.${recording}`);
}

/** Returns whether it is kept: the storage may be full. */
export function storeDraft(user: string, recording: string, stored: StoredDraft): boolean {
  drafts().forEach((key) => read(key) === null && localStorage.removeItem(key));
  try {
    localStorage.setItem(`${KEY_PREFIX}${user}.${recording}`, JSON.stringify({ ...stored, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export function removeDraft(user: string, recording: string): void {
  localStorage.removeItem(`${KEY_PREFIX}${user}.${recording}`);
}

/** Removes all drafts at sign-out: somebody else may use this browser next. */
export function clearDrafts(): void {
  drafts().forEach((key) => localStorage.removeItem(key));
}

function drafts(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(KEY_PREFIX));
}

function read(key: string): StoredDraft | null {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null") as (Partial<StoredDraft> & { at?: number }) | null;
    if (typeof found?.base !== "number" || !Array.isArray(found.draft?.overview)) return null;
    if ((found.at ?? 0) < Date.now() - MAX_AGE_DAYS * 86_400_000) return null;
    return { base: found.base, draft: found.draft };
  } catch {
    return null;
  }
}
