// The WebSocket that reports job changes. It reconnects automatically and reports when the data may be stale.
import type { Job } from "../api/client";

/** Of "kind" such as recording.renamed; "id" grows. */
export interface RecordingEvent {
  id: number;
  kind: string;
  recording_id: string | null;
  /** Of a transcript's version: its number, where it is from, and whether it is a side version. */
  facts?: { number?: number; origin?: string; aside?: boolean };
}

export interface JobListener {
  /** All current jobs; they replace what was known before. */
  snapshot(jobs: Job[]): void;
  /** Something else happened to a recording of the user. */
  happened(event: RecordingEvent): void;
  /** Events were missed while the socket was closed, and are not kept any more. */
  missed(): void;
  changed(job: Job): void;
  deleted(id: string): void;
  live(live: boolean): void;
  /** The socket could not be opened again: ask once over HTTP instead. */
  poll(): void;
  /** A ticket for one socket; waits while the session has ended. null if nobody is signed in. */
  ticket(): Promise<string | null>;
}

/** The part of WebSocket that is used, so that tests can replace it. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

const MAX_WAIT = 15_000;
/** A socket that is silent for so long is asked for an answer; without one after the same time it is given up. */
const SILENCE = 20_000;

type Schedule = (work: () => void, wait: number) => () => void;

/** Subscribes; the returned function unsubscribes. `watch` schedules the looks at a silent socket. */
export function subscribeToJobs(
  listener: JobListener,
  open: () => Socket,
  schedule: Schedule,
  watch: Schedule,
): () => void {
  let failures = 0;
  let stopped = false;
  let socket: Socket | null = null;
  let cursor: number | null = null;
  let cancelTimer = () => {};
  let cancelWatch = () => {};
  let heard = false;

  function reconnect() {
    cancelWatch();
    if (stopped) return;
    listener.live(false);
    if (failures > 0) listener.poll();
    cancelTimer = schedule(() => void connect(), Math.min(MAX_WAIT, 500 * 2 ** failures));
    failures += 1;
  }

  /** Proxies may keep a connection open that no longer leads to a server. */
  function watchSilence(mine: Socket) {
    heard = false;
    cancelWatch = watch(() => {
      if (heard) {
        mine.send(JSON.stringify({ type: "ping" }));
        return watchSilence(mine);
      }
      mine.onclose = null;
      mine.onmessage = null;
      mine.close();
      reconnect();
    }, SILENCE);
  }

  async function connect() {
    let ticket: string | null;
    try {
      ticket = await listener.ticket();
    } catch {
      return reconnect();
    }
    if (stopped || ticket === null) return;
    const mine = (socket = open());
    watchSilence(mine);
    mine.onopen = () => mine.send(JSON.stringify(cursor === null ? { ticket } : { ticket, after: cursor }));
    mine.onmessage = ({ data }) => {
      heard = true;
      const message = JSON.parse(String(data)) as
        | { type: "snapshot"; jobs: Job[]; cursor: number; complete: boolean }
        | { type: "event"; event: RecordingEvent }
        | { type: "job"; job: Job | { id: string; status: "deleted" } }
        | { type: "pong" };
      if (message.type === "snapshot") {
        failures = 0;
        if (cursor !== null && !message.complete) listener.missed();
        cursor = message.cursor;
        listener.snapshot(message.jobs);
        listener.live(true);
      } else if (message.type === "event") {
        cursor = message.event.id;
        listener.happened(message.event);
      } else if (message.type === "job") {
        if (message.job.status === "deleted") listener.deleted(message.job.id);
        else listener.changed(message.job);
      }
    };
    mine.onclose = reconnect;
  }

  void connect();
  return () => {
    stopped = true;
    cancelTimer();
    cancelWatch();
    socket?.close();
  };
}
