// One WebSocket that tells of jobs. It comes back by itself, and says when what was heard may be stale.
import type { Job } from "../api/client";

export interface Ears {
  /** All jobs there are to know of; what was known before is forgotten. */
  snapshot(jobs: Job[]): void;
  changed(job: Job): void;
  deleted(id: string): void;
  live(live: boolean): void;
  /** What opens one socket; where the session has ended, only when there is another. None where nobody is signed in. */
  ticket(): Promise<string | null>;
}

/** The part of a WebSocket that is needed. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

const LONGEST_WAIT = 15_000;

/** Listen until the answer is called. */
export function listen(ears: Ears, open: () => Socket, later: (work: () => void, wait: number) => () => void): () => void {
  let failures = 0;
  let over = false;
  let socket: Socket | null = null;
  let forget = () => {};

  function again() {
    if (over) return;
    ears.live(false);
    forget = later(() => void connect(), Math.min(LONGEST_WAIT, 500 * 2 ** failures));
    failures += 1;
  }

  async function connect() {
    let ticket: string | null;
    try {
      ticket = await ears.ticket();
    } catch {
      return again();
    }
    if (over || ticket === null) return;
    const mine = (socket = open());
    mine.onopen = () => mine.send(JSON.stringify({ ticket }));
    mine.onmessage = ({ data }) => {
      const told = JSON.parse(String(data)) as { type: "snapshot"; jobs: Job[] } | { type: "job"; job: Job | { id: string; status: "deleted" } };
      if (told.type === "snapshot") {
        failures = 0;
        ears.snapshot(told.jobs);
        ears.live(true);
      } else if (told.job.status === "deleted") ears.deleted(told.job.id);
      else ears.changed(told.job);
    };
    mine.onclose = again;
  }

  void connect();
  return () => {
    over = true;
    forget();
    socket?.close();
  };
}
