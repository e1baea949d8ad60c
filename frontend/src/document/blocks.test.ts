import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksOf } from "./blocks";
import { mergeWithNext, remove, setText, split } from "./edit";
import { document, segment } from "./testDocuments";
import type { Doc } from "./types";

const LONG: Doc = document(
  ...Array.from({ length: 500 }, (_, number) => segment(`g${number}`, "一二三", number, number + 1)),
);

test("blocks contain all segments in order after any edits, with unique keys", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(499)), { maxLength: 30 }), (edits) => {
      let doc = LONG;
      let blocks = blocksOf(doc.segments);
      for (const [kind, which] of edits) {
        const id = doc.segments[which % doc.segments.length]!.id;
        doc = [
          () => split(doc, id, 1),
          () => mergeWithNext(doc, id),
          () => remove(doc, [id]),
          () => setText(doc, id, `改${which}`),
        ][kind]!();
        blocks = blocksOf(doc.segments, blocks);
      }

      expect(blocks.flatMap((block) => block.segments)).toEqual(doc.segments);
      expect(new Set(blocks.map((block) => block.key)).size).toBe(blocks.length);
    }),
  );
});

test("an edit changes only its own block", () => {
  const before = blocksOf(LONG.segments);

  const after = blocksOf(split(LONG, "g100", 2).segments, before);

  expect(after.map((block, number) => block === before[number])).toEqual(before.map((_, number) => number !== 2));
  expect(after[2]!.key).toBe(before[2]!.key);
});

test("segments of another document are split into new blocks", () => {
  const other = Array.from({ length: 1000 }, (_, number) => segment(`h${number}`, "一", number, number + 1));

  const after = blocksOf(other, blocksOf(LONG.segments));

  expect(after.flatMap((block) => block.segments)).toEqual(other);
  expect(Math.max(...after.map((block) => block.segments.length))).toBeLessThanOrEqual(40);
});
