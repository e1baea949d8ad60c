// A localStorage for tests, which can be full.
import { vi } from "vitest";

/** Replaces localStorage by an empty one. `room` is how long a stored text may be. */
export function stubStorage(): { room: number } {
  const limit = { room: Infinity };
  const store: Record<string, string> = {};
  const own = { configurable: true, enumerable: false };
  Object.defineProperties(store, {
    getItem: { ...own, value: (key: string) => (Object.hasOwn(store, key) ? store[key] : null) },
    removeItem: { ...own, value: (key: string) => void delete store[key] },
    setItem: {
      ...own,
      value: (key: string, text: string) => {
        if (text.length > limit.room) throw new DOMException("full", "QuotaExceededError");
        store[key] = text;
      },
    },
  });
  vi.stubGlobal("localStorage", store);
  return limit;
}
