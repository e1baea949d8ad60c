import { expect, test } from "vitest";
import type { Job } from "../api/client";
import { listen, type Ears, type Socket } from "./socket";

class Line implements Socket {
  sent: string[] = [];
  closed = false;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.onopen?.call(this as unknown as WebSocket, {} as Event);
  }
  says(told: unknown) {
    this.onmessage?.call(this as unknown as WebSocket, { data: JSON.stringify(told) } as MessageEvent);
  }
  ends(code = 1006) {
    this.onclose?.call(this as unknown as WebSocket, { code } as CloseEvent);
  }
}

function house() {
  const lines: Line[] = [];
  const waits: number[] = [];
  const heard: string[] = [];
  let next = () => {};
  let renew = () => {};
  let token = "first";
  const ears: Ears = {
    snapshot: (jobs) => heard.push(`all ${jobs.map((job) => job.id).join(",")}`),
    changed: (job) => heard.push(`${job.id} ${job.status}`),
    deleted: (id) => heard.push(`${id} gone`),
    live: (live) => heard.push(live ? "live" : "stale"),
    renewed: () => new Promise((go) => (renew = () => ((token = "second"), go()))),
    token: () => token,
  };
  const stop = listen(
    ears,
    () => (lines.push(new Line()), lines.at(-1)!),
    (work, wait) => (waits.push(wait), (next = work), () => (next = () => {})),
  );
  return { lines, waits, heard, stop, next: () => next(), renew: () => renew() };
}

const job = (id: string, status: string) => ({ id, status }) as Job;

test("the token is the first message, the snapshot replaces, changes follow", () => {
  const { lines, heard } = house();
  lines[0]!.opens();
  lines[0]!.says({ type: "snapshot", jobs: [job("a", "queued")] });
  lines[0]!.says({ type: "job", job: job("a", "running") });
  lines[0]!.says({ type: "job", job: { id: "a", status: "deleted" } });

  expect(lines[0]!.sent).toEqual(['{"token":"first"}']);
  expect(heard).toEqual(["all a", "live", "a running", "a gone"]);
});

test("it comes back, later each time, until it is answered again", () => {
  const { lines, waits, heard, next } = house();
  for (let failure = 0; failure < 7; failure += 1) {
    lines.at(-1)!.ends();
    next();
  }
  lines.at(-1)!.says({ type: "snapshot", jobs: [] });
  lines.at(-1)!.ends();

  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 500]);
  expect(heard.at(-1)).toBe("stale");
});

test("an ended session is waited for, not hammered at", async () => {
  const { lines, waits, renew } = house();
  lines[0]!.ends(4401);
  expect(lines).toHaveLength(1);

  renew();
  await Promise.resolve();
  await Promise.resolve();
  lines[1]!.opens();

  expect(waits).toEqual([]);
  expect(lines[1]!.sent).toEqual(['{"token":"second"}']);
});

test("who stops listening is not called again", () => {
  const { lines, waits, stop } = house();
  stop();
  lines[0]!.ends();

  expect(lines[0]!.closed).toBe(true);
  expect(waits).toEqual([]);
});
