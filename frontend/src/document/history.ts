// Undo and redo. Documents are immutable values, so undo is exact.

export interface History<Value> {
  readonly past: readonly Value[];
  readonly present: Value;
  readonly future: readonly Value[];
}

/** The number of steps that can be undone. */
export const MAX_STEPS = 500;

export function createHistory<Value>(present: Value): History<Value> {
  return { past: [], present, future: [] };
}

/** Adds a step, unless nothing changed. */
export function pushStep<Value>(history: History<Value>, present: Value): History<Value> {
  if (present === history.present) return history;
  return { past: [...history.past, history.present].slice(-MAX_STEPS), present, future: [] };
}

export function undo<Value>(history: History<Value>): History<Value> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future] };
}

export function redo<Value>(history: History<Value>): History<Value> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future };
}
