import { beforeEach, expect, test, vi } from "vitest";
import { drop, dropAll, keep, kept } from "./keep";

let room = Infinity;

beforeEach(() => {
  room = Infinity;
  const store: Record<string, string> = {};
  const own = { configurable: true, enumerable: false };
  Object.defineProperties(store, {
    getItem: { ...own, value: (key: string) => (Object.hasOwn(store, key) ? store[key] : null) },
    removeItem: { ...own, value: (key: string) => void delete store[key] },
    setItem: {
      ...own,
      value: (key: string, text: string) => {
        if (text.length > room) throw new DOMException("full", "QuotaExceededError");
        store[key] = text;
      },
    },
  });
  vi.stubGlobal("localStorage", store);
});

const record = (version: number) => ({ version, unsaved: false, history: `history ${version}` });

test("what is kept is the user's own, and goes when told to", () => {
  keep("ann", "r1", record(3));
  keep("bob", "r1", record(4));

  expect(kept("ann", "r1")).toMatchObject(record(3));
  expect(kept("bob", "r2")).toBeNull();
  drop("ann", "r1");
  expect([kept("ann", "r1"), kept("bob", "r1")?.version]).toEqual([null, 4]);
  dropAll();
  expect(kept("bob", "r1")).toBeNull();
});

test("an older window does not write over a newer one", () => {
  keep("ann", "r1", record(5));
  keep("ann", "r1", record(4));

  expect(kept("ann", "r1")?.version).toBe(5);
});

test("only the last recordings are kept, and nothing else is touched", () => {
  localStorage.setItem("meeting-asr.theme", "dark");
  vi.useFakeTimers();
  for (let number = 0; number < 12; number += 1) {
    vi.setSystemTime(1_800_000_000_000 + number * 1000);
    keep("ann", `r${number}`, record(1));
  }
  vi.useRealTimers();

  expect(Array.from({ length: 12 }, (_, number) => kept("ann", `r${number}`) !== null)).toEqual([...Array(4).fill(false), ...Array(8).fill(true)]);
  expect(localStorage.getItem("meeting-asr.theme")).toBe("dark");
});

test("a full store, and rubbish in it, harm nobody", () => {
  keep("ann", "r1", record(1));
  room = 3;
  keep("ann", "r1", record(2));
  localStorage["meeting-asr.history.ann.r2"] = "{not json";

  expect([kept("ann", "r1"), kept("ann", "r2")]).toEqual([null, null]);
});
