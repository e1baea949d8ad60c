// Requests and predicates for transcription jobs.
import { api, type Job, unwrap } from "../api/client";

export function isOpen(job: Job): boolean {
  return job.status === "queued" || job.status === "running";
}

/** The job ended without a transcript and may be retried. */
export function isRetryable(job: Job): boolean {
  return job.status === "failed" || job.status === "cancelled";
}

/** The query of the newest transcription job of a recording. */
export function newestJobOf(recording: string) {
  const query = { recording_id: recording, kind: "transcript", limit: 1 } as const;
  return {
    queryKey: ["jobs", "of", recording],
    queryFn: () => unwrap(api.GET("/api/jobs", { params: { query } })),
  };
}

export function cancel(id: string) {
  return unwrap(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
}

export function retry(id: string) {
  return unwrap(api.POST("/api/jobs/{job_id}/retry", { params: { path: { job_id: id } } }));
}
