import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents } from "./serverSentEvents";

function stream(bytes: Uint8Array, cuts: number[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
      for (const [number, end] of [...ends, bytes.length].entries())
        controller.enqueue(bytes.slice(ends[number - 1] ?? 0, end));
      controller.close();
    },
  });
}

async function all(text: string, cuts: number[] = []) {
  const found = [];
  for await (const event of readEvents(stream(new TextEncoder().encode(text), cuts))) found.push(event);
  return found;
}

test("events are the same for any chunking, also inside a character", async () => {
  const text = 'event: text\ndata: {"text": "周五交付[1]。"}\n\n: a comment\n\nevent: answer\ndata: {}\ndata: 2\n\n';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 10 }), async (cuts) => {
      expect(await all(text, cuts)).toEqual([
        { event: "text", data: '{"text": "周五交付[1]。"}' },
        { event: "answer", data: "{}\n2" },
      ]);
    }),
  );
});

test("an incomplete event is ignored", async () => {
  expect(await all('event: text\ndata: {"text": "一"}\n\nevent: text\ndata: {"te')).toEqual([
    { event: "text", data: '{"text": "一"}' },
  ]);
});
