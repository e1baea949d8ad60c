// The stages of a transcription in their order: what is done, what runs, and what comes. Pure.
import type { Job } from "../api/client";

export interface PlannedStage {
  readonly name: Job["stages"][number]["name"];
  readonly state: "done" | "running" | "coming";
  /** Seconds of audio; null while the stage has not begun. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** How many go before it while it waits for the engine; null while it does not wait. */
  readonly waitsBehind: number | null;
}

/** Recognition and diarization run side by side; polish and minutes are jobs of their own that follow. */
const ORDER = [["prepare"], ["transcribe", "diarize"], ["merge"]] as const;

export function stagePlan(job: Job): PlannedStage[] {
  const begun = (name: string) => job.stage === name || job.stages.some((stage) => stage.name === name);
  const last = ORDER.findLastIndex((group) => group.some(begun));
  const planned = ORDER.flatMap((group, place) =>
    group.map((name): PlannedStage => {
      const stage = job.stages.find((one) => one.name === name);
      const complete = stage !== undefined && stage.total_seconds > 0 && stage.done_seconds >= stage.total_seconds;
      const done = job.status === "done" || place < last || complete;
      return {
        name,
        state: done ? "done" : job.status === "running" && place === last && begun(name) ? "running" : "coming",
        progress: stage ? { done: stage.done_seconds, total: stage.total_seconds } : null,
        waitsBehind: stage?.waits_behind ?? null,
      };
    }),
  );
  const follow = (["polish", "summarize"] as const).filter(
    (name) => job.options[name === "polish" ? "polish" : "minutes"],
  );
  return [...planned, ...follow.map((name) => ({ name, state: "coming" as const, progress: null, waitsBehind: null }))];
}
