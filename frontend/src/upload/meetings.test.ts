import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { Line, type Meeting, type Part, type Way } from "./meetings";

const OPTIONS = { speakers: "", hotwords: [], transcriber: "", diarizer: "", polish: false, minutes: "" };
const settled = () => new Promise((go) => setImmediate(go));
const file = (name: string) => new File(["abc"], name, { lastModified: 7 });
const states = (line: Line) => line.snapshot().map((one) => one.state);

/** A server that takes everything, unless `refuse` says otherwise of a step. */
function house(refuse: (step: string) => ApiError | undefined = () => undefined) {
  const steps: string[] = [];
  let kept: readonly Meeting[] = [];
  const rests: (() => void)[] = [];
  const step = (name: string) => {
    steps.push(name);
    const refused = refuse(name);
    if (refused) throw refused;
  };
  const way: Way = {
    open: async (part: Part) => (step(`open ${part.name}`), `id of ${part.name}`),
    push: async (part, told) => (step(`push ${part.upload}`), told(part.size)),
    make: async (meeting) => (step(`make ${meeting.parts.map((part) => part.upload).join(" + ")}${meeting.anyway ? " anyway" : ""}`), "r1"),
    drop: async (upload) => step(`drop ${upload}`),
    rest: (_, signal) =>
      new Promise((go, stop) => {
        rests.push(go);
        signal.addEventListener("abort", () => stop(signal.reason as Error));
      }),
    remember: (meetings) => (kept = meetings),
    made: () => {},
  };
  return { line: new Line(way), way, steps, rests, kept: () => kept };
}

/** Refuses a step as often as there are codes. */
function once(step: string, ...codes: [string, number][]) {
  return (asked: string) => {
    const next = asked === step ? codes.shift() : undefined;
    return next && new ApiError(...next);
  };
}

test("several files become one recording, in their order", async () => {
  const { line, steps } = house();
  line.add({ name: "周会", files: [file("b.wav"), file("a.wav")], options: OPTIONS });
  await settled();

  expect(steps).toEqual(["open b.wav", "push id of b.wav", "open a.wav", "push id of a.wav", "make id of b.wav + id of a.wav"]);
  expect(states(line)).toEqual(["done"]);
});

test("one that is refused holds nobody up, and can be tried again without sending anything twice", async () => {
  const { line, steps } = house(once("make id of a.wav", ["quota_minutes", 413]));
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  line.add({ name: null, files: [file("b.wav")], options: OPTIONS });
  await settled();
  expect(states(line)).toEqual(["failed", "done"]);

  line.resume(line.snapshot()[0]!.id);
  await settled();
  expect(states(line)).toEqual(["done", "done"]);
  expect(steps.filter((step) => step === "push id of a.wav")).toHaveLength(1);
});

test("what passes by itself is waited for: the network, a full queue", async () => {
  const { line, steps, rests } = house((step) => refusals(step));
  const [push, make] = [once("push id of a.wav", ["offline", 0]), once("make id of a.wav", ["queue_full", 429])];
  function refusals(step: string) {
    return push(step) ?? make(step);
  }
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(line.snapshot()[0]).toMatchObject({ state: "held", error: { code: "offline" } });
  rests.shift()!();
  await settled();
  expect(line.snapshot()[0]).toMatchObject({ state: "held", error: { code: "queue_full" } });
  rests.shift()!();
  await settled();

  expect(states(line)).toEqual(["done"]);
  expect(steps.filter((step) => step.startsWith("open"))).toHaveLength(1);
  expect(steps.filter((step) => step.startsWith("push"))).toHaveLength(2);
});

test("what has left and was refused at its end is sent again", async () => {
  const { line, way, steps, rests } = house();
  const { push } = way;
  way.push = async (part, told) => {
    told(part.size);
    way.push = push;
    throw new ApiError("disk_full", 507);
  };
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(states(line)).toEqual(["held"]);
  rests.shift()!();
  await settled();

  expect(steps).toEqual(["open a.wav", "push id of a.wav", "make id of a.wav"]);
  expect(states(line)).toEqual(["done"]);
});

test("what has passed is not said any more while it goes on", async () => {
  const { line, way, rests } = house(once("push id of a.wav", ["disk_full", 507]));
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(line.snapshot()[0]).toMatchObject({ state: "held", error: { code: "disk_full" } });
  let arrived = () => {};
  way.push = (part, told) => new Promise((go) => (arrived = () => go(told(part.size))));
  rests.shift()!();
  await settled();
  expect(line.snapshot()[0]).toMatchObject({ state: "sending", error: undefined });

  arrived();
  await settled();
  expect(states(line)).toEqual(["done"]);
});

test("a pause stops what is held up, and it goes on where it was", async () => {
  const { line, steps } = house(once("push id of a.wav", ["offline", 0]));
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  line.pause(line.snapshot()[0]!.id);
  await settled();
  expect(states(line)).toEqual(["paused"]);

  line.resume(line.snapshot()[0]!.id);
  await settled();
  expect(states(line)).toEqual(["done"]);
  expect(steps.filter((step) => step.startsWith("open"))).toHaveLength(1);
});

test("a duplicate waits for a word, and is stored anyway or given up with what was sent", async () => {
  const { line, steps } = house((step) => (step.startsWith("make") && !step.endsWith("anyway") ? new ApiError("duplicate_recording", 409) : undefined));
  line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  line.add({ name: null, files: [file("b.wav")], options: OPTIONS });
  await settled();
  expect(states(line)).toEqual(["duplicate", "duplicate"]);

  line.resume(line.snapshot()[0]!.id, true);
  line.discard(line.snapshot()[1]!.id);
  await settled();
  expect(states(line)).toEqual(["done"]);
  expect(steps.slice(-2).toSorted()).toEqual(["drop id of b.wav", "make id of a.wav anyway"]);
});

test("after a reload the same files go on, and others do not", async () => {
  const before = house(once("push id of b.wav", ["offline", 0]));
  before.line.add({ name: "周会", files: [file("a.wav"), file("b.wav")], options: OPTIONS });
  await settled();
  const { line, steps } = house();
  line.restore(before.kept().map((one) => ({ ...one, state: "lost" as const, parts: one.parts.map((part) => ({ ...part, file: null })) })));
  const { id } = line.snapshot()[0]!;

  expect(line.found(id, [file("c.wav")])).toBe(false);
  expect(line.found(id, [new File(["abcd"], "b.wav", { lastModified: 7 })])).toBe(false);
  expect(line.found(id, [file("b.wav")])).toBe(true);
  await settled();

  expect(steps).toEqual(["push id of b.wav", "make id of a.wav + id of b.wav"]);
  expect(states(line)).toEqual(["done"]);
});

test("what the server no longer has is sent again, and asked for where the file is gone", async () => {
  const here = house(once("make id of a.wav", ["upload_not_found", 404]));
  here.line.add({ name: null, files: [file("a.wav")], options: OPTIONS });
  await settled();
  expect(states(here.line)).toEqual(["done"]);
  expect(here.steps.filter((step) => step === "open a.wav")).toHaveLength(2);

  const gone = house(once("make u1", ["upload_not_found", 404]));
  gone.line.adopt({ id: "u1", name: "a.wav", size: 3, received: 3 }, OPTIONS, null);
  await settled();
  expect(states(gone.line)).toEqual(["lost"]);
});
