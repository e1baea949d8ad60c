// Which jobs have ended, for notices. Pure.
import type { Job } from "../api/client";

type ById = Readonly<Record<string, Job>>;

/** The jobs that were open before and have ended since. One that was cancelled is no news to the person who did it. */
export function endedBetween(before: ById, after: ById): Job[] {
  return Object.values(after).filter((job) => {
    const earlier = before[job.id]?.status;
    return (earlier === "queued" || earlier === "running") && hasEnded(job);
  });
}

/** The jobs that have ended, newest first. */
export function newestEnded(jobs: ById, count: number): Job[] {
  const ended = Object.values(jobs).filter((job) => hasEnded(job) && job.finished_at !== null);
  return ended.toSorted((a, b) => b.finished_at!.localeCompare(a.finished_at!)).slice(0, count);
}

/** How many of these jobs ended after `seen`, an ISO time. */
export function unseenCount(jobs: readonly Job[], seen: string): number {
  return jobs.filter((job) => Date.parse(job.finished_at!) > Date.parse(seen)).length;
}

function hasEnded(job: Job): boolean {
  return job.status === "done" || job.status === "failed";
}
