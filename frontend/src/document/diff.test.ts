import fc from "fast-check";
import { expect, test } from "vitest";
import { applied, between } from "./delta";
import { difference, textDifference } from "./diff";
import { mergeWithNext, remove, renameSpeaker, setSpeaker, setText, split } from "./edit";
import { DOCUMENTS, document, segment } from "./made";
import type { Doc } from "./types";

const at = fc.nat(60);

function edited(doc: Doc, edits: [number, number, number][]): Doc {
  return edits.reduce((now, [kind, which, offset]) => {
    const id = now.segments[which % Math.max(1, now.segments.length)]?.id ?? "none";
    return [
      () => split(now, id, offset),
      () => mergeWithNext(now, id),
      () => remove(now, [id]),
      () => setText(now, id, `改过了${offset}`),
      () => setSpeaker(now, [id], "S2"),
      () => renameSpeaker(now, "S1", `甲${offset}`),
    ][kind]!();
  }, doc);
}

const EDITS = fc.array(fc.tuple(fc.nat(5), at, at), { maxLength: 8 });

test("what leads from one document to another leads there, also over a text", () => {
  fc.assert(
    fc.property(DOCUMENTS, EDITS, (doc, edits) => {
      const after = edited(doc, edits);

      expect(applied(doc, between(doc, after))).toEqual(after);
      expect(applied(after, JSON.parse(JSON.stringify(between(after, doc))))).toEqual(doc);
    }),
  );
});

test("one edit among thousands is one segment to keep", () => {
  const doc = document(...Array.from({ length: 5000 }, (_, number) => segment(`g${number}`, "好", number, number + 1)));

  const { hunks } = between(doc, setText(setText(doc, "g7", "甲"), "g4000", "乙"));

  expect(hunks.map((hunk) => [hunk.at, hunk.drop, hunk.put.length])).toEqual([[7, 1, 1], [4000, 1, 1]]);
});

test("a delta for another document is refused", () => {
  const doc = document(segment("a", "好", 0, 1));

  expect(() => applied(document(), between(doc, remove(doc, ["a"])))).toThrow(RangeError);
});

test("the pieces are both texts, in order", () => {
  const text = fc.array(fc.constantFrom("我", "们", "好", "，", "a", "𠮷"), { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const pieces = textDifference(before, after);

      expect(pieces.filter((one) => one.kind !== "in").map((one) => one.text).join("")).toBe(before);
      expect(pieces.filter((one) => one.kind !== "out").map((one) => one.text).join("")).toBe(after);
      expect(pieces.every((one, number) => one.text && one.kind !== pieces[number + 1]?.kind)).toBe(true);
    }),
  );
});

test("a corrected character is one piece out and one in", () => {
  expect(textDifference("我们用货山引擎。", "我们用火山引擎。")).toEqual([
    { kind: "same", text: "我们用" },
    { kind: "out", text: "货" },
    { kind: "in", text: "火" },
    { kind: "same", text: "山引擎。" },
  ]);
});

test("segments that changed, came, went or were given away are told in order, the others are not", () => {
  const before = document(segment("a", "一", 0, 1), segment("b", "二", 1, 2), segment("c", "三三", 2, 3), segment("d", "四", 3, 4));
  const after = setSpeaker(setText(remove(split(before, "c", 1), ["b"]), "a", "壹"), ["d"], "S2");

  const found = difference(before, after).segments;

  expect(found.map((one) => [one.before?.id ?? null, one.after?.id ?? null, one.speaker])).toEqual([
    ["a", "a", false],
    ["b", null, false],
    ["c", "c", false],
    [null, "c-2", false],
    ["d", "d", true],
  ]);
  expect(difference(before, before)).toEqual({ speakers: [], segments: [] });
});

test("speakers who came, went or are called otherwise are told", () => {
  const before = document();
  const after = { ...before, speakers: [{ id: "S1", name: "李雷" }, { id: "S3" }] };

  expect(difference(before, after).speakers).toEqual([
    { id: "S1", before: null, after: "李雷" },
    { id: "S2", before: "王芳", after: undefined },
    { id: "S3", before: undefined, after: null },
  ]);
});
