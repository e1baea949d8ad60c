import fc from "fast-check";
import { expect, test } from "vitest";
import { addSpeaker, mergeWithNext, remove, renameSpeaker, setSpeaker, setText, split } from "./edit";
import { type Choice, type Merge, merge, resolve } from "./merge";
import { DOCUMENTS, document, segment } from "./testDocuments";
import { setStart } from "./times";
import type { Doc } from "./types";

/** One edit: what is done, to which segment, and where in its text. */
const EDIT = fc.tuple(fc.nat(6), fc.nat(60), fc.nat(60));
const EDITS = fc.array(EDIT, { maxLength: 6 });

/** Like a document from the server: equal, but made of other objects. */
const received = (doc: Doc): Doc => structuredClone(doc);

function edited(doc: Doc, edits: readonly (readonly [number, number, number])[], mark: string): Doc {
  return edits.reduce((now, [kind, which, offset], number) => {
    const id = now.segments[which % Math.max(1, now.segments.length)]?.id ?? "none";
    return [
      () => split(now, id, offset),
      () => mergeWithNext(now, id),
      () => remove(now, [id]),
      () => setText(now, id, `${mark}${number}`),
      () => setSpeaker(now, [id], offset % 2 ? "S1" : "S2"),
      () => addSpeaker(now, offset % 2 ? null : `${mark}${number}`),
      () => setStart(now, id, offset / 10),
    ][kind]!();
  }, doc);
}

const all = (choice: Choice) => () => choice;
const textOf = (doc: Doc) => doc.segments.map((one) => one.text).join("\n");
const shape = (doc: Doc) => doc.segments.map((one) => [one.id, one.speaker ?? null, one.text, one.start, one.end]);
const asked = (found: Merge) => found.conflicts.length + found.names.length;

function isValid(doc: Doc) {
  expect(new Set(doc.segments.map((one) => one.id)).size).toBe(doc.segments.length);
  const speakers = new Set<string | null | undefined>([...doc.speakers.map((one) => one.id), null, undefined]);
  let before = 0;
  for (const one of doc.segments) {
    expect(before <= one.start && one.start <= one.end).toBe(true);
    expect(speakers.has(one.speaker) && speakers.has(one.second_speaker)).toBe(true);
    before = one.start;
  }
}

test("where only one side changed something, its document is the result", () => {
  fc.assert(
    fc.property(DOCUMENTS, EDITS, (base, edits) => {
      const changed = edited(base, edits, "改");
      for (const found of [merge(base, changed, received(base)), merge(base, base, received(changed))]) {
        expect(asked(found)).toBe(0);
        expect(shape(resolve(found, all("theirs")))).toEqual(shape(changed));
        expect(resolve(found, all("theirs")).speakers).toEqual(changed.speakers);
      }
    }),
  );
});

test("the same change on both sides, as after a save that was not acknowledged, asks nothing", () => {
  fc.assert(
    fc.property(DOCUMENTS, EDITS, EDITS, (base, edits, more) => {
      const saved = edited(base, edits, "改");
      const changed = edited(saved, more, "又");
      const found = merge(base, saved, received(saved));

      expect(asked(found)).toBe(0);
      expect(resolve(found, all("mine"))).toBe(found.theirs);
      expect(shape(resolve(merge(saved, changed, received(saved)), all("theirs")))).toEqual(shape(changed));
    }),
  );
});

test("whatever both sides do, no text of either side is lost unless a person gives it up", () => {
  fc.assert(
    fc.property(DOCUMENTS, EDITS, EDITS, (base, my, their) => {
      const mine = edited(base, my, "我");
      const theirs = edited(base, their, "他");
      const found = merge(base, mine, received(theirs));
      const was = new Map(base.segments.map((one) => [one.id, one]));
      const written = (doc: Doc) => doc.segments.filter((one) => was.get(one.id)?.text !== one.text);

      for (const choice of ["mine", "theirs", "both"] as const) isValid(resolve(found, all(choice)));
      const kept = textOf(resolve(found, all("both")));
      for (const one of [...written(mine), ...written(theirs)]) expect(kept).toContain(one.text);
      for (const [side, choice] of [
        [mine, "mine"],
        [theirs, "theirs"],
      ] as const)
        for (const one of written(side)) expect(textOf(resolve(found, all(choice)))).toContain(one.text);
    }),
    { numRuns: 200 },
  );
});

test("edits of different segments are merged without a question", () => {
  fc.assert(
    fc.property(
      DOCUMENTS,
      fc.array(fc.tuple(fc.nat(5), fc.boolean(), fc.constantFrom(0, 3, 4, 6), fc.nat(60))),
      (base, edits) => {
        const owner = new Map<string, boolean>();
        let mine = base;
        let theirs = base;
        for (const [which, isMine, kind, offset] of edits) {
          const place = which % base.segments.length;
          const { id } = base.segments[place]!;
          if ((owner.get(id) ?? isMine) !== isMine) continue;
          owner.set(id, isMine);
          const side = isMine ? mine : theirs;
          const changed = edited(
            side,
            [[kind, side.segments.findIndex((one) => one.id === id), offset]],
            isMine ? "我" : "他",
          );
          if (isMine) mine = changed;
          else theirs = changed;
        }
        const found = merge(base, mine, received(theirs));
        const merged = resolve(found, all("theirs"));

        expect(asked(found)).toBe(0);
        const texts = (doc: Doc, isMine: boolean) =>
          doc.segments.filter((one) => owner.get(one.id.replace(/-\d+$/, "")) === isMine).map((one) => one.text);
        expect(texts(merged, true)).toEqual(texts(mine, true));
        expect(texts(merged, false)).toEqual(texts(theirs, false));
        isValid(merged);
      },
    ),
  );
});

const base = document(
  segment("g1", "第一句。", 0, 2),
  segment("g2", "第二句。", 2, 4),
  segment("g3", "第三句。", 4, 6),
);

test("the same segment asks, with both texts; both keeps both", () => {
  const found = merge(base, setText(base, "g2", "我的。"), received(setText(base, "g2", "他的。")));

  expect(found.conflicts.map(({ mine, theirs }) => [mine[0]!.text, theirs[0]!.text])).toEqual([["我的。", "他的。"]]);
  const texts = (choice: Choice) => resolve(found, all(choice)).segments.map((one) => one.text);
  expect(texts("mine")).toEqual(["第一句。", "我的。", "第三句。"]);
  expect(texts("theirs")).toEqual(["第一句。", "他的。", "第三句。"]);
  expect(texts("both")).toEqual(["第一句。", "他的。", "我的。", "第三句。"]);
});

test("one corrects the words while the other assigns the speaker, or splits the segment: nothing is asked", () => {
  const corrected = merge(base, setText(base, "g2", "改过。"), received(setSpeaker(base, ["g2"], "S2")));
  const parted = merge(base, setSpeaker(base, ["g2"], "S2"), received(split(base, "g2", 1)));

  expect([asked(corrected), asked(parted)]).toEqual([0, 0]);
  expect(resolve(corrected, all("mine")).segments[1]).toMatchObject({ text: "改过。", speaker: "S2" });
  expect(resolve(parted, all("mine")).segments.map((one) => [one.text, one.speaker])).toEqual([
    ["第一句。", "S1"],
    ["第", "S2"],
    ["二句。", "S2"],
    ["第三句。", "S1"],
  ]);
});

test("a segment that one side deleted and the other corrected is asked about", () => {
  const found = merge(base, remove(base, ["g2"]), received(setText(base, "g2", "改过。")));

  expect(found.conflicts).toMatchObject([{ mine: [], theirs: [{ text: "改过。" }] }]);
});

test("a merge that takes in what the other side corrected is asked about as a whole", () => {
  const found = merge(base, mergeWithNext(base, "g1"), received(setText(base, "g2", "改过。")));

  expect(found.conflicts.map(({ mine, theirs }) => [mine, theirs].map((side) => side.map((one) => one.text)))).toEqual([
    [["第一句。第二句。"], ["第一句。", "改过。"]],
  ]);
});

test("different names for one speaker are asked about; names for different speakers are not", () => {
  const mine = renameSpeaker(base, "S1", "张敏");
  const both = merge(base, mine, received(renameSpeaker(base, "S1", "李雷")));
  const other = merge(base, mine, received(renameSpeaker(base, "S2", "李雷")));

  expect(both.names).toMatchObject([{ id: "S1", mine: "张敏", theirs: "李雷" }]);
  expect(resolve(both, all("theirs")).speakers[0]!.name).toBe("李雷");
  expect(asked(other)).toBe(0);
  expect(resolve(other, all("theirs")).speakers.map((one) => one.name)).toEqual(["张敏", "李雷"]);
});

test("two people whom both sides added under the same id stay two people", () => {
  const mine = setSpeaker(addSpeaker(base, "张敏"), ["g1"], "S3");
  const theirs = setSpeaker(addSpeaker(base, "李雷"), ["g3"], "S3");
  const found = merge(base, mine, received(theirs));
  const merged = resolve(found, all("mine"));

  expect(asked(found)).toBe(0);
  const names = new Map(merged.speakers.map((one) => [one.id, one.name]));
  expect(merged.segments.map((one) => names.get(one.speaker!) ?? one.speaker)).toEqual(["张敏", "S1", "李雷"]);
});

test("both halves of a segment that both sides split get ids of their own", () => {
  const found = merge(base, split(base, "g2", 1), received(split(base, "g2", 2)));

  isValid(resolve(found, all("both")));
  expect(resolve(found, all("both")).segments.map((one) => one.text)).toEqual(
    expect.arrayContaining(["第", "二句。", "第二", "句。"]),
  );
});
