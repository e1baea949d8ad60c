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
  let refusals = 0;
  let tickets = 0;
  const ears: Ears = {
    snapshot: (jobs) => heard.push(`all ${jobs.map((job) => job.id).join(",")}`),
    changed: (job) => heard.push(`${job.id} ${job.status}`),
    deleted: (id) => heard.push(`${id} gone`),
    live: (live) => heard.push(live ? "live" : "stale"),
    ticket: () => (refusals > 0 ? ((refusals -= 1), Promise.reject(new Error("offline"))) : Promise.resolve(`ticket ${(tickets += 1)}`)),
  };
  const stop = listen(
    ears,
    () => (lines.push(new Line()), lines.at(-1)!),
    (work, wait) => (waits.push(wait), (next = work), () => (next = () => {})),
  );
  return { lines, waits, heard, stop, next: () => (next(), asked()), refuse: (times: number) => (refusals = times) };
}

/** Until what was asked for a ticket has been answered. */
const asked = () => new Promise((go) => setImmediate(go));

const job = (id: string, status: string) => ({ id, status }) as Job;

test("a ticket is the first message, the snapshot replaces, changes follow", async () => {
  const { lines, heard } = house();
  await asked();
  lines[0]!.opens();
  lines[0]!.says({ type: "snapshot", jobs: [job("a", "queued")] });
  lines[0]!.says({ type: "job", job: job("a", "running") });
  lines[0]!.says({ type: "job", job: { id: "a", status: "deleted" } });

  expect(lines[0]!.sent).toEqual(['{"ticket":"ticket 1"}']);
  expect(heard).toEqual(["all a", "live", "a running", "a gone"]);
});

test("it comes back with another ticket, later each time, until it is answered again", async () => {
  const { lines, waits, heard, next } = house();
  await asked();
  for (let failure = 0; failure < 7; failure += 1) {
    lines.at(-1)!.ends();
    await next();
  }
  lines.at(-1)!.opens();
  lines.at(-1)!.says({ type: "snapshot", jobs: [] });
  lines.at(-1)!.ends();

  expect(lines.at(-1)!.sent).toEqual(['{"ticket":"ticket 8"}']);
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 500]);
  expect(heard.at(-1)).toBe("stale");
});

test("no socket is opened without a ticket", async () => {
  const { lines, waits, heard, next, refuse } = house();
  await asked();
  refuse(1);
  lines[0]!.ends(4401);
  await next();
  expect([lines.length, waits]).toEqual([1, [500, 1000]]);

  await next();

  expect([lines.length, heard]).toEqual([2, ["stale", "stale"]]);
});

test("who stops listening is not called again", async () => {
  const { lines, waits, stop } = house();
  await asked();
  stop();
  lines[0]!.ends();

  expect(lines[0]!.closed).toBe(true);
  expect(waits).toEqual([]);
});

test("who stops before there is a ticket opens nothing", async () => {
  const { lines, stop } = house();
  stop();
  await asked();

  expect(lines).toEqual([]);
});
