import { beforeEach, expect, test } from "vitest";
import { stubStorage } from "../app/testStorage";
import type { Draft } from "./draft";
import { clearDrafts, loadDraft, removeDraft, storeDraft } from "./storedDraft";

let limit = { room: Infinity };

beforeEach(() => {
  limit = stubStorage();
});

const draft = { title: "周会", overview: [{ text: "改过", evidence: [] }] } as unknown as Draft;

test("a draft is kept per user and recording until it is removed or somebody signs out", () => {
  expect(storeDraft("ann", "r1", { base: 2, draft })).toBe(true);
  storeDraft("ann", "r2", { base: 1, draft });

  expect(loadDraft("ann", "r1")).toEqual({ base: 2, draft });
  expect(loadDraft("bob", "r1")).toBeNull();
  removeDraft("ann", "r1");
  expect([loadDraft("ann", "r1"), loadDraft("ann", "r2")?.base]).toEqual([null, 1]);
  clearDrafts();
  expect(loadDraft("ann", "r2")).toBeNull();
});

test("what cannot be read or is too old is no draft", () => {
  for (const text of ["{", "{}", JSON.stringify({ base: 1, draft: {} }), JSON.stringify({ base: 1, draft, at: 1 })]) {
    localStorage.setItem("meeting-asr.minutes-draft.ann.r1", text);
    expect(loadDraft("ann", "r1")).toBeNull();
  }
});

test("a draft that the storage has no room for is reported", () => {
  limit.room = 10;

  expect(storeDraft("ann", "r1", { base: 2, draft })).toBe(false);
});
