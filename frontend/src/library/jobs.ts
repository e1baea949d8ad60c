// What can be done with the job that makes a transcript.
import { answer, api, type Job } from "../api/client";

export function isOpen(job: Job): boolean {
  return job.status === "queued" || job.status === "running";
}

/** It ended without a transcript, and may be tried again. */
export function isOver(job: Job): boolean {
  return job.status === "failed" || job.status === "cancelled";
}

export function cancel(id: string) {
  return answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
}

export function retry(id: string) {
  return answer(api.POST("/api/jobs/{job_id}/retry", { params: { path: { job_id: id } } }));
}
