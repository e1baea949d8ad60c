import fc from "fast-check";
import { expect, test } from "vitest";
import { difference, textDifference } from "./diff";
import { mergeWithNext, remove, renameSpeaker, setSpeaker, setText, split } from "./edit";
import { applyPatch, createPatch } from "./patch";
import { DOCUMENTS, document, segment } from "./testDocuments";
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

test("a patch turns one document into the other, also after serialization", () => {
  fc.assert(
    fc.property(DOCUMENTS, EDITS, (doc, edits) => {
      const after = edited(doc, edits);

      expect(applyPatch(doc, createPatch(doc, after))).toEqual(after);
      expect(applyPatch(after, JSON.parse(JSON.stringify(createPatch(after, doc))))).toEqual(doc);
    }),
  );
});

test("a patch holds only the edited segments of thousands", () => {
  const doc = document(...Array.from({ length: 5000 }, (_, number) => segment(`g${number}`, "好", number, number + 1)));

  const { hunks } = createPatch(doc, setText(setText(doc, "g7", "甲"), "g4000", "乙"));

  expect(hunks.map((hunk) => [hunk.at, hunk.drop, hunk.put.length])).toEqual([
    [7, 1, 1],
    [4000, 1, 1],
  ]);
});

test("a patch for another document is refused", () => {
  const doc = document(segment("a", "好", 0, 1));

  expect(() => applyPatch(document(), createPatch(doc, remove(doc, ["a"])))).toThrow(RangeError);
});

test("the pieces contain both texts in order", () => {
  const text = fc
    .array(fc.constantFrom("我", "们", "好", "，", "a", "𠮷"), { maxLength: 12 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const pieces = textDifference(before, after);

      expect(
        pieces
          .filter((one) => one.kind !== "added")
          .map((one) => one.text)
          .join(""),
      ).toBe(before);
      expect(
        pieces
          .filter((one) => one.kind !== "removed")
          .map((one) => one.text)
          .join(""),
      ).toBe(after);
      expect(pieces.every((one, number) => one.text && one.kind !== pieces[number + 1]?.kind)).toBe(true);
    }),
  );
});

test("a corrected character is one removed and one added piece", () => {
  expect(textDifference("我们用货山引擎。", "我们用火山引擎。")).toEqual([
    { kind: "same", text: "我们用" },
    { kind: "removed", text: "货" },
    { kind: "added", text: "火" },
    { kind: "same", text: "山引擎。" },
  ]);
});

test("changed, added, removed and reassigned segments are listed in order, unchanged ones are not", () => {
  const before = document(
    segment("a", "一", 0, 1),
    segment("b", "二", 1, 2),
    segment("c", "三三", 2, 3),
    segment("d", "四", 3, 4),
  );
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

test("added, removed and renamed speakers are listed", () => {
  const before = document();
  const after = { ...before, speakers: [{ id: "S1", name: "李雷" }, { id: "S3" }] };

  expect(difference(before, after).speakers).toEqual([
    { id: "S1", before: null, after: "李雷" },
    { id: "S2", before: "王芳", after: undefined },
    { id: "S3", before: undefined, after: null },
  ]);
});
