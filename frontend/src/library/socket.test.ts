import { expect, test } from "vitest";
import type { Job } from "../api/client";
import { type JobListener, type Socket, subscribeToJobs } from "./socket";

class FakeSocket implements Socket {
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
  connects() {
    this.onopen?.call(this as unknown as WebSocket, {} as Event);
  }
  receives(message: unknown) {
    this.onmessage?.call(this as unknown as WebSocket, { data: JSON.stringify(message) } as MessageEvent);
  }
  disconnects(code = 1006) {
    this.onclose?.call(this as unknown as WebSocket, { code } as CloseEvent);
  }
}

function setUp() {
  const sockets: FakeSocket[] = [];
  const waits: number[] = [];
  const events: string[] = [];
  let next = () => {};
  let look: (() => void) | null = null;
  let refusals = 0;
  let tickets = 0;
  const listener: JobListener = {
    snapshot: (jobs) => events.push(`all ${jobs.map((job) => job.id).join(",")}`),
    happened: (event) => events.push(`${event.kind} ${event.recording_id}`),
    missed: () => events.push("missed"),
    poll: () => events.push("poll"),
    changed: (job) => events.push(`${job.id} ${job.status}`),
    deleted: (id) => events.push(`${id} gone`),
    live: (live) => events.push(live ? "live" : "stale"),
    ticket: () =>
      refusals > 0
        ? ((refusals -= 1), Promise.reject(new Error("offline")))
        : Promise.resolve(`ticket ${(tickets += 1)}`),
  };
  const stop = subscribeToJobs(
    listener,
    () => (sockets.push(new FakeSocket()), sockets.at(-1)!),
    (work, wait) => (waits.push(wait), (next = work), () => (next = () => {})),
    (work) => ((look = work), () => (look = null)),
  );
  return {
    sockets,
    waits,
    events,
    stop,
    next: () => (next(), ticketAnswered()),
    look: () => look?.(),
    isWatched: () => look !== null,
    refuse: (times: number) => (refusals = times),
  };
}

/** Waits until the ticket request has been answered. */
const ticketAnswered = () => new Promise((go) => setImmediate(go));

const job = (id: string, status: string) => ({ id, status }) as Job;

test("a ticket is the first message, the snapshot replaces, changes follow", async () => {
  const { sockets, events } = setUp();
  await ticketAnswered();
  sockets[0]!.connects();
  sockets[0]!.receives({ type: "snapshot", jobs: [job("a", "queued")], cursor: 1, complete: false });
  sockets[0]!.receives({ type: "job", job: job("a", "running") });
  sockets[0]!.receives({ type: "job", job: { id: "a", status: "deleted" } });

  expect(sockets[0]!.sent).toEqual(['{"ticket":"ticket 1"}']);
  expect(events).toEqual(["all a", "live", "a running", "a gone"]);
});

test("it reconnects with a new ticket and growing delays until it is answered", async () => {
  const { sockets, waits, events, next } = setUp();
  await ticketAnswered();
  for (let failure = 0; failure < 7; failure += 1) {
    sockets.at(-1)!.disconnects();
    await next();
  }
  sockets.at(-1)!.connects();
  sockets.at(-1)!.receives({ type: "snapshot", jobs: [] });
  sockets.at(-1)!.disconnects();

  expect(sockets.at(-1)!.sent).toEqual(['{"ticket":"ticket 8"}']);
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 500]);
  expect(events.at(-1)).toBe("stale");
  expect(events.filter((event) => event === "poll")).toHaveLength(6);
});

test("a silent socket is asked for an answer, and given up when none comes", async () => {
  const { sockets, waits, events, look } = setUp();
  await ticketAnswered();
  sockets[0]!.connects();
  sockets[0]!.receives({ type: "snapshot", jobs: [], cursor: 1, complete: false });
  look();
  sockets[0]!.receives({ type: "pong" });
  look();
  expect([sockets[0]!.closed, events]).toEqual([false, ["all ", "live"]]);

  look(); // nothing came since the second question

  expect(sockets[0]!.sent.slice(1)).toEqual(['{"type":"ping"}', '{"type":"ping"}']);
  expect([sockets[0]!.closed, waits, events.at(-1)]).toEqual([true, [500], "stale"]);
});

test("a socket that opens and never answers is given up, and the page asks over HTTP", async () => {
  const { sockets, events, next, look } = setUp();
  await ticketAnswered();
  sockets[0]!.connects();
  look();
  await next();
  sockets[1]!.connects();
  look();

  expect(sockets.map((socket) => socket.closed)).toEqual([true, true]);
  expect(events).toEqual(["stale", "stale", "poll"]);
});

test("after a reconnect it asks for the events since the last one, and says where some were missed", async () => {
  const { sockets, events, next } = setUp();
  await ticketAnswered();
  sockets[0]!.connects();
  sockets[0]!.receives({ type: "snapshot", jobs: [], cursor: 7, complete: false });
  sockets[0]!.receives({ type: "event", event: { id: 9, kind: "recording.renamed", recording_id: "r" } });
  sockets[0]!.disconnects();
  await next();
  sockets[1]!.connects();
  sockets[1]!.receives({ type: "snapshot", jobs: [], cursor: 9, complete: true });
  sockets[1]!.disconnects();
  await next();
  sockets[2]!.connects();
  sockets[2]!.receives({ type: "snapshot", jobs: [], cursor: 50, complete: false });

  expect(sockets.map((socket) => socket.sent.map((text) => JSON.parse(text).after))).toEqual([[undefined], [9], [9]]);
  expect(events).toEqual([
    "all ",
    "live",
    "recording.renamed r",
    "stale",
    "all ",
    "live",
    "stale",
    "missed",
    "all ",
    "live",
  ]);
});

test("no socket is opened without a ticket", async () => {
  const { sockets, waits, events, next, refuse } = setUp();
  await ticketAnswered();
  refuse(1);
  sockets[0]!.disconnects(4401);
  await next();
  expect([sockets.length, waits]).toEqual([1, [500, 1000]]);

  await next();

  expect([sockets.length, events]).toEqual([2, ["stale", "stale", "poll"]]);
});

test("after unsubscribing there are no more calls", async () => {
  const { sockets, waits, stop, isWatched } = setUp();
  await ticketAnswered();
  stop();
  sockets[0]!.disconnects();

  expect(sockets[0]!.closed).toBe(true);
  expect(waits).toEqual([]);
  expect(isWatched()).toBe(false);
});

test("unsubscribing before the ticket arrives opens no socket", async () => {
  const { sockets, stop } = setUp();
  stop();
  await ticketAnswered();

  expect(sockets).toEqual([]);
});
