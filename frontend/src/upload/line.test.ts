import { expect, test, vi } from "vitest";
import type { Line as LineClass, Send } from "./line";

const OPTIONS = { speakers: "", hotwords: "", transcriber: "", diarizer: "" };

async function house() {
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem() {}, removeItem() {} });
  const { Line } = await import("./line");
  const sending: { name: string; end: (id: string) => void; fail: (error: unknown) => void; told: (sent: number) => void }[] = [];
  const send: Send = (upload, told, signal) =>
    new Promise((end, fail) => {
      sending.push({ name: upload.file.name, end, fail, told });
      signal.addEventListener("abort", () => fail(new DOMException("cancelled", "AbortError")));
    });
  return { line: new Line(send), sending };
}

const file = (name: string) => new File(["abc"], name);
const states = (line: LineClass) => line.snapshot().map((one) => one.state);
const settled = () => new Promise((go) => setImmediate(go));

test("files go one after the other, and one that fails holds nobody up", async () => {
  const { line, sending } = await house();
  line.add([file("a.wav"), file("b.wav"), file("c.wav")], OPTIONS);
  expect(states(line)).toEqual(["sending", "waiting", "waiting"]);

  sending[0]!.fail(new Error("too_large"));
  await settled();
  expect(states(line)).toEqual(["failed", "sending", "waiting"]);
  sending[1]!.told(2);
  expect(line.snapshot()[1]!.sent).toBe(2);
  sending[1]!.end("r1");
  await settled();
  sending[2]!.end("r2");
  await settled();

  expect(states(line)).toEqual(["failed", "done", "done"]);
  expect(sending.map((one) => one.name)).toEqual(["a.wav", "b.wav", "c.wav"]);
});

test("what waits and what is sent can be cancelled, and sent again", async () => {
  const { line, sending } = await house();
  line.add([file("a.wav"), file("b.wav")], OPTIONS);
  const [first, second] = line.snapshot();

  line.cancel(second!.id);
  line.cancel(first!.id);
  await settled();
  expect(states(line)).toEqual(["cancelled", "cancelled"]);

  line.retry(first!.id);
  sending[1]!.end("r1");
  await settled();
  expect(states(line)).toEqual(["done", "cancelled"]);
  line.clear();
  expect(line.snapshot()).toEqual([]);
});
