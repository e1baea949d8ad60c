import { beforeEach, expect, test, vi } from "vitest";
import { stubStorage } from "../app/testStorage";
import { clearHistories, loadHistory, removeHistory, saveHistory } from "./historyStorage";

let limit = { room: Infinity };

beforeEach(() => {
  limit = stubStorage();
});

const record = (version: number) => ({ version, unsaved: false, history: `history ${version}` });

test("histories are stored per user and can be removed", () => {
  saveHistory("ann", "r1", record(3));
  saveHistory("bob", "r1", record(4));

  expect(loadHistory("ann", "r1")).toMatchObject(record(3));
  expect(loadHistory("bob", "r2")).toBeNull();
  removeHistory("ann", "r1");
  expect([loadHistory("ann", "r1"), loadHistory("bob", "r1")?.version]).toEqual([null, 4]);
  clearHistories();
  expect(loadHistory("bob", "r1")).toBeNull();
});

test("an older version does not overwrite a newer one", () => {
  saveHistory("ann", "r1", record(5));
  saveHistory("ann", "r1", record(4));

  expect(loadHistory("ann", "r1")?.version).toBe(5);
});

test("only the latest recordings are kept, and other keys are untouched", () => {
  localStorage.setItem("meeting-asr.theme", "dark");
  vi.useFakeTimers();
  for (let number = 0; number < 12; number += 1) {
    vi.setSystemTime(1_800_000_000_000 + number * 1000);
    saveHistory("ann", `r${number}`, record(1));
  }
  vi.useRealTimers();

  expect(Array.from({ length: 12 }, (_, number) => loadHistory("ann", `r${number}`) !== null)).toEqual([
    ...Array(4).fill(false),
    ...Array(8).fill(true),
  ]);
  expect(localStorage.getItem("meeting-asr.theme")).toBe("dark");
});

test("a full storage and invalid entries are tolerated", () => {
  saveHistory("ann", "r1", record(1));
  limit.room = 3;
  saveHistory("ann", "r1", record(2));
  localStorage["meeting-asr.history.ann.r2"] = "{not json";

  expect([loadHistory("ann", "r1"), loadHistory("ann", "r2")]).toEqual([null, null]);
});
