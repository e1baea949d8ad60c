// Which jobs have ended, for notices. Pure.
import type { Job } from "../api/client";

type ById = Readonly<Record<string, Job>>;

/** The jobs that were known before and have ended since. One that was cancelled is no news to the person who did it. */
export function endedBetween(before: ById, after: ById): Job[] {
  return Object.values(after).filter((job) => {
    const earlier = before[job.id];
    return earlier !== undefined && hasEnded(job) && isNews(earlier, job);
  });
}

/** Whether its state is another. A short job may have been tried again and have ended between two messages. */
export function isNews(before: Job | undefined, after: Job): boolean {
  return before?.status !== after.status || before.finished_at !== after.finished_at;
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
