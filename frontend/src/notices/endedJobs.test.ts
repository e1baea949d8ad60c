import { expect, test } from "vitest";
import type { Job } from "../api/client";
import { endedBetween, newestEnded, unseenCount } from "./endedJobs";

const job = (id: string, status: Job["status"], finished_at: string | null = null) =>
  ({ id, status, finished_at }) as Job;
const byId = (...jobs: Job[]) => Object.fromEntries(jobs.map((one) => [one.id, one]));

test("a job that was open and has ended is news, once", () => {
  const before = byId(job("a", "running"), job("b", "queued"), job("c", "running"), job("d", "done"));
  const after = byId(job("a", "done"), job("b", "failed"), job("c", "cancelled"), job("d", "done"), job("e", "done"));

  expect(endedBetween(before, after).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(endedBetween(after, after)).toEqual([]);
});

test("a job that was tried again and has ended between two messages is news", () => {
  const before = byId(job("a", "done", "2026-11-30T10:00:00Z"));
  const after = byId(job("a", "done", "2026-11-30T11:00:00Z"));

  expect(endedBetween(before, after).map(({ id }) => id)).toEqual(["a"]);
});

test("the newest come first, and those after the last look are counted", () => {
  const jobs = newestEnded(
    byId(
      job("a", "done", "2026-11-30T10:00:00Z"),
      job("b", "failed", "2026-11-30T12:00:00.5Z"),
      job("c", "running"),
      job("d", "done", "2026-11-30T11:00:00Z"),
    ),
    2,
  );

  expect(jobs.map(({ id }) => id)).toEqual(["b", "d"]);
  expect(unseenCount(jobs, "2026-11-30T11:00:00.000Z")).toBe(1);
});
