// One WebSocket that tells of jobs. It comes back by itself, and says when what was heard may be stale.
import type { Job } from "../api/client";

export interface Ears {
  /** All jobs there are to know of; what was known before is forgotten. */
  snapshot(jobs: Job[]): void;
  changed(job: Job): void;
  deleted(id: string): void;
  live(live: boolean): void;
  /** The session has ended; resolves when there is another. */
  renewed(token: string): Promise<void>;
  token(): string | null;
}

/** The part of a WebSocket that is needed. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

const NOT_SIGNED_IN = 4401;
const LONGEST_WAIT = 15_000;

/** Listen until the answer is called. */
export function listen(ears: Ears, open: () => Socket, later: (work: () => void, wait: number) => () => void): () => void {
  let failures = 0;
  let over = false;
  let socket: Socket | null = null;
  let forget = () => {};

  function connect() {
    const token = ears.token();
    if (over || !token) return;
    const mine = (socket = open());
    mine.onopen = () => mine.send(JSON.stringify({ token }));
    mine.onmessage = ({ data }) => {
      const told = JSON.parse(String(data)) as { type: "snapshot"; jobs: Job[] } | { type: "job"; job: Job | { id: string; status: "deleted" } };
      if (told.type === "snapshot") {
        failures = 0;
        ears.snapshot(told.jobs);
        ears.live(true);
      } else if (told.job.status === "deleted") ears.deleted(told.job.id);
      else ears.changed(told.job);
    };
    mine.onclose = ({ code }) => {
      if (over) return;
      ears.live(false);
      if (code === NOT_SIGNED_IN) {
        ears.renewed(token).then(connect, () => {});
        return;
      }
      forget = later(connect, Math.min(LONGEST_WAIT, 500 * 2 ** failures));
      failures += 1;
    };
  }

  connect();
  return () => {
    over = true;
    forget();
    socket?.close();
  };
}
