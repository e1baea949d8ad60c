import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { type Meeting, type Part, UploadQueue, type UploadTransport } from "./uploadQueue";

const OPTIONS = { speakers: "", hotwords: [], transcriber: "", diarizer: "", polish: false, minutes: "" };
const settled = () => new Promise((go) => setImmediate(go));
const file = (name: string) => new File(["abc"], name, { lastModified: 7 });
const states = (queue: UploadQueue) => queue.snapshot().map((one) => one.state);

/** A transport that accepts everything, unless `refuse` returns an error for a step. */
function setUp(refuse: (step: string) => ApiError | undefined = () => undefined) {
  const steps: string[] = [];
  let stored: readonly Meeting[] = [];
  const retries: (() => void)[] = [];
  const step = (name: string) => {
    steps.push(name);
    const refused = refuse(name);
    if (refused) throw refused;
  };
  const transport: UploadTransport = {
    createUpload: async (part: Part) => (step(`open ${part.name}`), `id of ${part.name}`),
    sendPart: async (part, onProgress) => (step(`push ${part.upload}`), onProgress(part.size)),
    createRecording: async (meeting) => (
      step(`make ${meeting.parts.map((part) => part.upload).join(" + ")}${meeting.anyway ? " anyway" : ""}`), "r1"
    ),
    deleteUpload: async (upload) => step(`drop ${upload}`),
    waitForRetry: (_, signal) =>
      new Promise((go, stop) => {
        retries.push(go);
        signal.addEventListener("abort", () => stop(signal.reason as Error));
      }),
    saveQueue: (meetings) => (stored = meetings),
    onCreated: () => {},
  };
  return { queue: new UploadQueue(transport), transport, steps, retries, stored: () => stored };
}

/** Refuses a step refuseOnce per code. */
function refuseOnce(step: string, ...codes: [string, number][]) {
  return (requested: string) => {
    const next = requested === step ? codes.shift() : undefined;
    return next && new ApiError(...next);
  };
}

test("several files become one recording, in their order", async () => {
  const { queue, steps } = setUp();
  queue.add({ name: "周会", files: [file("b.wav"), file("a.wav")], options: OPTIONS });
  await settled();

  expect(steps).toEqual([
    "open b.wav",
    "push id of b.wav",
    "open a.wav",
    "push id of a.wav",
    "make id of b.wav + id of a.wav",
  ]);
  expect(states(queue)).toEqual(["done"]);
});

test("a refused upload does not block others and is retried without sending anything twice", async () => {
  const { queue, steps } = setUp(refuseOnce("make id of a.wav", ["quota_minutes", 413]));
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  queue.add({ name: null, files: [file("b.wav")], options: OPTIONS });
  await settled();
  expect(states(queue)).toEqual(["failed", "done"]);

  queue.resume(queue.snapshot()[0]!.id);
  await settled();
  expect(states(queue)).toEqual(["done", "done"]);
  expect(steps.filter((step) => step === "push id of a.wav")).toHaveLength(1);
});

test("transient errors are waited out: network, full queue", async () => {
  const { queue, steps, retries } = setUp((step) => refusals(step));
  const [push, make] = [
    refuseOnce("push id of a.wav", ["offline", 0]),
    refuseOnce("make id of a.wav", ["queue_full", 429]),
  ];
  function refusals(step: string) {
    return push(step) ?? make(step);
  }
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(queue.snapshot()[0]).toMatchObject({ state: "held", error: { code: "offline" } });
  retries.shift()!();
  await settled();
  expect(queue.snapshot()[0]).toMatchObject({ state: "held", error: { code: "queue_full" } });
  retries.shift()!();
  await settled();

  expect(states(queue)).toEqual(["done"]);
  expect(steps.filter((step) => step.startsWith("open"))).toHaveLength(1);
  expect(steps.filter((step) => step.startsWith("push"))).toHaveLength(2);
});

test("an upload refused at its last byte is sent again", async () => {
  const { queue, transport, steps, retries } = setUp();
  const { sendPart } = transport;
  transport.sendPart = async (part, onProgress) => {
    onProgress(part.size);
    transport.sendPart = sendPart;
    throw new ApiError("disk_full", 507);
  };
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(states(queue)).toEqual(["held"]);
  retries.shift()!();
  await settled();

  expect(steps).toEqual(["open a.wav", "push id of a.wav", "make id of a.wav"]);
  expect(states(queue)).toEqual(["done"]);
});

test("the error is cleared when the upload continues", async () => {
  const { queue, transport, retries } = setUp(refuseOnce("push id of a.wav", ["disk_full", 507]));
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(queue.snapshot()[0]).toMatchObject({ state: "held", error: { code: "disk_full" } });
  let arrived = () => {};
  transport.sendPart = (part, onProgress) => new Promise((go) => (arrived = () => go(onProgress(part.size))));
  retries.shift()!();
  await settled();
  expect(queue.snapshot()[0]).toMatchObject({ state: "sending", error: undefined });

  arrived();
  await settled();
  expect(states(queue)).toEqual(["done"]);
});

test("a waiting upload can be paused and resumed", async () => {
  const { queue, steps } = setUp(refuseOnce("push id of a.wav", ["offline", 0]));
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  queue.pause(queue.snapshot()[0]!.id);
  await settled();
  expect(states(queue)).toEqual(["paused"]);

  queue.resume(queue.snapshot()[0]!.id);
  await settled();
  expect(states(queue)).toEqual(["done"]);
  expect(steps.filter((step) => step.startsWith("open"))).toHaveLength(1);
});

test("a duplicate waits for a decision: uploaded anyway, or discarded on the server too", async () => {
  const { queue, steps } = setUp((step) =>
    step.startsWith("make") && !step.endsWith("anyway") ? new ApiError("duplicate_recording", 409) : undefined,
  );
  queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  queue.add({ name: null, files: [file("b.wav")], options: OPTIONS });
  await settled();
  expect(states(queue)).toEqual(["duplicate", "duplicate"]);

  queue.resume(queue.snapshot()[0]!.id, true);
  queue.discard(queue.snapshot()[1]!.id);
  await settled();
  expect(states(queue)).toEqual(["done"]);
  expect(steps.slice(-2).toSorted()).toEqual(["drop id of b.wav", "make id of a.wav anyway"]);
});

test("after a reload only the same files continue the upload", async () => {
  const before = setUp(refuseOnce("push id of b.wav", ["offline", 0]));
  before.queue.add({ name: "周会", files: [file("a.wav"), file("b.wav")], options: OPTIONS });
  await settled();
  const { queue, steps } = setUp();
  queue.restore(
    before
      .stored()
      .map((one) => ({ ...one, state: "lost" as const, parts: one.parts.map((part) => ({ ...part, file: null })) })),
  );
  const { id } = queue.snapshot()[0]!;

  expect(queue.attachFiles(id, [file("c.wav")])).toBe(false);
  expect(queue.attachFiles(id, [new File(["abcd"], "b.wav", { lastModified: 7 })])).toBe(false);
  expect(queue.attachFiles(id, [file("b.wav")])).toBe(true);
  await settled();

  expect(steps).toEqual(["push id of b.wav", "make id of a.wav + id of b.wav"]);
  expect(states(queue)).toEqual(["done"]);
});

test("an expired upload is sent again, or its file is requested for", async () => {
  const withFile = setUp(refuseOnce("make id of a.wav", ["upload_not_found", 404]));
  withFile.queue.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(states(withFile.queue)).toEqual(["done"]);
  expect(withFile.steps.filter((step) => step === "open a.wav")).toHaveLength(2);

  const expired = setUp(refuseOnce("make u1", ["upload_not_found", 404]));
  expired.queue.adopt({ id: "u1", name: "a.wav", size: 3, received: 3 }, OPTIONS, null);
  await settled();
  expect(states(expired.queue)).toEqual(["lost"]);
});
