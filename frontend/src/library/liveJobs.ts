// The user's jobs, kept current in the query cache by the event socket.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { pathOf } from "../api/basePath";
import { api, type Job, unwrap } from "../api/client";
import { session } from "../login/session";
import { isNews } from "../notices/endedJobs";
import { subscribeToJobs } from "./socket";

/** `live` is false while the socket is disconnected: progress may be stale then. */
export interface Jobs {
  readonly live: boolean;
  readonly known: boolean;
  readonly byId: Readonly<Record<string, Job>>;
}

const NONE: Jobs = { live: false, known: false, byId: {} };
const KEY = ["jobs", "live"];

export function useJobs(): Jobs {
  return useQuery<Jobs>({ queryKey: KEY, queryFn: () => NONE, initialData: NONE, enabled: false, staleTime: Infinity })
    .data;
}

/** The newest transcription job of each recording. */
export function newestJobs(jobs: Jobs): Map<string, Job> {
  const newest = new Map<string, Job>();
  for (const job of Object.values(jobs.byId)) {
    if (job.kind !== "transcript") continue;
    const other = newest.get(job.recording_id);
    if (!other || other.created_at < job.created_at) newest.set(job.recording_id, job);
  }
  return newest;
}

/** The newest job of a kind for one recording. */
export function useNewestJob(recording: string, kind: Job["kind"]): Job | undefined {
  const { byId } = useJobs();
  let newest: Job | undefined;
  for (const job of Object.values(byId)) {
    if (job.kind === kind && job.recording_id === recording && (!newest || newest.created_at < job.created_at))
      newest = job;
  }
  return newest;
}

/** The number of the newest version of a transcript that was told of; 0 where none was. */
export function useNewestVersion(recording: string): number {
  return useQuery({ queryKey: ["newest-version", recording], queryFn: () => 0, initialData: 0, enabled: false }).data;
}

/** The id of the newest event that tells of a channel that fails; 0 where none was. */
export function usePausedChannel(): number {
  return useQuery({ queryKey: ["paused-channel"], queryFn: () => 0, initialData: 0, enabled: false }).data;
}

/** Subscribes while somebody is signed in. */
export function useLiveJobs(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const set = (change: (jobs: Jobs) => Jobs) => queries.setQueryData<Jobs>(KEY, (jobs) => change(jobs ?? NONE));
    return subscribeToJobs(
      {
        snapshot(jobs) {
          set((before) => ({ ...before, known: true, byId: Object.fromEntries(jobs.map((job) => [job.id, job])) }));
          void queries.invalidateQueries({ queryKey: ["recordings"] });
        },
        changed(job) {
          const before = queries.getQueryData<Jobs>(KEY)?.byId[job.id];
          set((jobs) => ({ ...jobs, byId: { ...jobs.byId, [job.id]: job } }));
          if (!isNews(before, job)) return;
          void queries.invalidateQueries({ queryKey: ["recordings"] });
          // A language model job does not change the open transcript, so only its own queries are refetched.
          const kinds = job.kind === "transcript" ? [] : [job.kind];
          if (job.status === "done")
            void queries.invalidateQueries({ queryKey: ["recording", job.recording_id, ...kinds] });
        },
        deleted(id) {
          set((jobs) => ({
            ...jobs,
            byId: Object.fromEntries(Object.entries(jobs.byId).filter(([known]) => known !== id)),
          }));
          void queries.invalidateQueries({ queryKey: ["recordings"] });
        },
        happened({ id, kind, recording_id, facts }) {
          // The page takes in a model's changes itself, so that they can be undone.
          const byModel = facts?.origin === "polish" || facts?.origin === "repair";
          if (kind.startsWith("transcript.") && !facts?.aside && !byModel)
            queries.setQueryData(["newest-version", recording_id], facts?.number ?? 0);
          if (kind.startsWith("recording.")) {
            void queries.invalidateQueries({ queryKey: ["recordings"] });
            void queries.invalidateQueries({ queryKey: ["trash"] });
            void queries.invalidateQueries({ queryKey: ["recording", recording_id, "facts"] });
          }
          if (kind === "channel.paused") {
            queries.setQueryData(["paused-channel"], id);
            void queries.invalidateQueries({ queryKey: ["channels"] });
          }
          if (kind.startsWith("share."))
            void queries.invalidateQueries({ queryKey: ["recording", recording_id, "shares"] });
        },
        missed() {
          void queries.invalidateQueries({ queryKey: ["recording"] });
          void queries.invalidateQueries({ queryKey: ["trash"] });
        },
        live: (live) => set((jobs) => ({ ...jobs, live })),
        async poll() {
          if (!session.token()) return;
          const { data } = await api
            .GET("/api/jobs", { params: { query: { limit: 100 } } })
            .catch(() => ({ data: null }));
          if (!data || queries.getQueryData<Jobs>(KEY)?.live) return; // the next try comes with the next reconnect
          const polled = Object.fromEntries(data.jobs.map((job) => [job.id, job]));
          set((jobs) => ({ ...jobs, known: true, byId: { ...jobs.byId, ...polled } }));
          void queries.invalidateQueries({ queryKey: ["recordings"] });
        },
        ticket: async () =>
          session.token()
            ? (await unwrap(api.POST("/api/auth/tickets", { body: { purpose: "events" } }))).ticket
            : null,
      },
      () =>
        new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${pathOf("/api/events")}`),
      after,
      after,
    );
  }, [queries]);
}

function after(work: () => void, wait: number): () => void {
  const timer = setTimeout(work, wait);
  return () => clearTimeout(timer);
}
