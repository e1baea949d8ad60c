// Documents for tests: anything the server could send.
import fc from "fast-check";
import type { Doc, Segment, Word } from "./types";
import { tokens } from "./words";

const TEXT = fc
  .array(fc.constantFrom("我", "们", "今", "天", "好", "，", "。", "！", " ", "hello", "API", "3.5", "%", "𠮷"), {
    maxLength: 30,
  })
  .map((parts) => parts.join(""));

export function segment(id: string, text: string, start: number, end: number, more: Partial<Segment> = {}): Segment {
  const found = tokens(text);
  const each = (end - start) / Math.max(1, found.length);
  const words = found.map((token, number): Word => [token.text, start + number * each, start + (number + 1) * each]);
  return {
    id,
    speaker: "S1",
    start,
    end,
    text,
    words,
    overlap: false,
    second_speaker: null,
    confidence: null,
    source: "auto",
    error: null,
    ...more,
  };
}

export function document(...segments: Segment[]): Doc {
  return {
    duration: Math.max(0, ...segments.map((one) => one.end)),
    language: "zh",
    engines: {},
    speakers: [
      { id: "S1", name: null },
      { id: "S2", name: "王芳" },
    ],
    segments,
  };
}

/** Arbitrary documents; segments may overlap. */
export const DOCUMENTS = fc
  .array(
    fc.tuple(
      TEXT,
      fc.double({ min: 0, max: 4, noNaN: true }),
      fc.double({ min: 0, max: 6, noNaN: true }),
      fc.constantFrom("S1", "S2", null),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows) => {
    let start = 0;
    return document(
      ...rows.map(([text, gap, length, speaker], number) => {
        start += gap;
        return segment(`g${number + 1}`, text, start, start + length, { speaker });
      }),
    );
  });
