// How a person reads transcripts: numbers in digits, and the script. Remembered in this browser for each user.
import { useSyncExternalStore } from "react";
import type { Schemas } from "../api/client";

export const SCRIPTS = [
  "as_is",
  "simplified",
  "taiwan",
  "taiwan_characters",
  "hong_kong",
  "traditional",
] as const satisfies readonly Schemas["Script"][];

export type Script = (typeof SCRIPTS)[number];

export interface WrittenForm {
  readonly numbers: boolean;
  readonly script: Script;
}

export const DEFAULT_FORM: WrittenForm = { numbers: true, script: "as_is" };

const KEY_PREFIX = "meeting-asr.written-form.";
const listeners = new Set<() => void>();
/** The stored text of each user and its value, so that an unchanged value keeps its identity. */
const known = new Map<string, readonly [stored: string | null, form: WrittenForm]>();

export function useWrittenForm(user: string | undefined): WrittenForm {
  return useSyncExternalStore(subscribe, () => writtenFormOf(user));
}

export function chooseWrittenForm(user: string, form: WrittenForm) {
  localStorage.setItem(KEY_PREFIX + user, JSON.stringify(form));
  listeners.forEach((listener) => listener());
}

function writtenFormOf(user: string | undefined): WrittenForm {
  if (user === undefined) return DEFAULT_FORM;
  const stored = localStorage.getItem(KEY_PREFIX + user);
  const found = known.get(user);
  if (found && found[0] === stored) return found[1];
  const form = parseForm(stored);
  known.set(user, [stored, form]);
  return form;
}

/** A stored form; what is missing or not valid is the default. */
export function parseForm(stored: string | null): WrittenForm {
  try {
    const { numbers, script } = JSON.parse(stored ?? "{}") as Record<string, unknown>;
    return {
      numbers: typeof numbers === "boolean" ? numbers : DEFAULT_FORM.numbers,
      script: SCRIPTS.find((one) => one === script) ?? DEFAULT_FORM.script,
    };
  } catch {
    return DEFAULT_FORM;
  }
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
