import { expect, test } from "vitest";
import type { Job } from "../api/client";
import { stagePlan } from "./stagePlan";

function job(status: Job["status"], progress: Record<string, [number, number]>, options: Job["options"] = {}): Job {
  const stages = Object.entries(progress).map(([name, [done_seconds, total_seconds]]) => ({
    name: name as Job["stages"][number]["name"],
    done_seconds,
    total_seconds,
  }));
  return { status, stage: null, stages, options } as unknown as Job;
}

const states = (of: Job) => Object.fromEntries(stagePlan(of).map(({ name, state }) => [name, state]));

test("all stages of a waiting job are to come, with those that follow it", () => {
  expect(states(job("queued", {}, { polish: true, minutes: "bluf" }))).toEqual({
    prepare: "coming",
    transcribe: "coming",
    diarize: "coming",
    merge: "coming",
    polish: "coming",
    summarize: "coming",
  });
});

test("recognition and diarization run side by side, each with its progress", () => {
  const running = job("running", { prepare: [60, 60], transcribe: [12, 60], diarize: [60, 60] });

  expect(states(running)).toEqual({ prepare: "done", transcribe: "running", diarize: "done", merge: "coming" });
  expect(stagePlan(running)[1]!.progress).toEqual({ done: 12, total: 60 });
});

test("a stage is done when a later one has begun", () => {
  expect(states(job("running", { prepare: [59.9, 60], transcribe: [0, 60] })).prepare).toBe("done");
  expect(states(job("done", {}))).toEqual({ prepare: "done", transcribe: "done", diarize: "done", merge: "done" });
});
