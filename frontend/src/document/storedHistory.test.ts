import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeWithNext, remove, renameSpeaker, setText, split } from "./edit";
import { createHistory, type History, pushStep, undo } from "./history";
import { merge, resolve } from "./merge";
import { deserializeHistory, rebaseHistory, serializeHistory } from "./storedHistory";
import { DOCUMENTS, document, segment } from "./testDocuments";
import type { Doc } from "./types";

test("a serialized history is restored on a freshly loaded document", () => {
  fc.assert(
    fc.property(
      DOCUMENTS,
      fc.array(fc.tuple(fc.nat(2), fc.nat(9)), { maxLength: 8 }),
      fc.nat(8),
      fc.nat(8),
      (doc, edits, back, saved) => {
        let history: History<Doc> = createHistory(doc);
        for (const [kind, which] of edits) {
          const now = history.present;
          const id = now.segments[which % Math.max(1, now.segments.length)]?.id ?? "none";
          history = pushStep(
            history,
            [
              () => setText(now, id, `改${which}`),
              () => remove(now, [id]),
              () => renameSpeaker(now, "S1", `甲${which}`),
            ][kind]!(),
          );
        }
        for (let count = 0; count < back; count += 1) history = undo(history);
        const stored = [...history.past, history.present, ...history.future][saved] ?? doc;

        const again = deserializeHistory(JSON.parse(JSON.stringify(stored)) as Doc, serializeHistory(stored, history)!);

        expect(again).toEqual(JSON.parse(JSON.stringify(history)));
      },
    ),
  );
});

test("a serialized history is bounded and keeps the nearest steps", () => {
  const doc = document(
    ...Array.from({ length: 200 }, (_, number) => segment(`g${number}`, "一二三四五六七八九十", number, number + 1)),
  );
  let history: History<Doc> = createHistory(doc);
  for (let round = 0; round < 30; round += 1) {
    history = pushStep(
      history,
      doc.segments.reduce((now, one) => setText(now, one.id, `第${round}次改`), history.present),
    );
  }

  const text = serializeHistory(doc, history)!;
  const again = deserializeHistory(doc, text)!;

  expect(text.length).toBeLessThan(400_000);
  expect(again.present).toEqual(history.present);
  expect(again.past.length).toBeGreaterThan(2);
  expect(again.past).toEqual(history.past.slice(-again.past.length));
});

test("a history that does not fit or cannot be parsed is dropped", () => {
  const doc = document(segment("a", "一", 0, 1), segment("b", "二", 1, 2));
  const text = serializeHistory(doc, pushStep(createHistory<Doc>(doc), remove(doc, ["b"])))!;

  expect(deserializeHistory(document(), text)).toBeNull();
  expect(deserializeHistory(doc, "{}")).toBeNull();
  expect(deserializeHistory(doc, "not JSON")).toBeNull();
});

test("unsaved changes are put on another document, where both sides' changes can then be merged", () => {
  const doc = document(segment("a", "一", 0, 1), segment("b", "二", 1, 2), segment("c", "三", 2, 3));
  const changed = setText(remove(doc, ["c"]), "b", "改过的");
  const text = serializeHistory(doc, pushStep(createHistory<Doc>(doc), changed))!;
  const newest = document(segment("b", "二二", 1, 2, { speaker: "S2" }), segment("d", "四", 2, 3));

  const { base, history } = rebaseHistory(newest, text)!;

  const texts = (one: Doc) => one.segments.map(({ id, text: said }) => [id, said]);
  expect(texts(base)).toEqual([
    ["b", "二"],
    ["c", "三"],
    ["d", "四"],
  ]);
  expect(texts(history.present)).toEqual([
    ["b", "改过的"],
    ["d", "四"],
  ]);
  expect(merge(base, history.present, newest).conflicts).toMatchObject([
    { mine: [{ text: "改过的" }], theirs: [{ text: "二二" }] },
  ]);
  expect(rebaseHistory(doc, "not JSON")).toBeNull();
});

test("unsaved changes of one window and another window's changes elsewhere survive that a version is gone", () => {
  const doc = document(...["a", "b", "c", "d"].map((id, number) => segment(id, `${id}。`, number, number + 1)));
  const mine = split(setText(doc, "d", "我的一句。"), "d", 2);
  const text = serializeHistory(doc, pushStep(createHistory<Doc>(doc), mine))!;
  const newest = mergeWithNext(setText(doc, "c", "他的。"), "a");

  const { base, history } = rebaseHistory(newest, text)!;
  const found = merge(base, history.present, newest);

  expect([found.conflicts, found.names]).toEqual([[], []]);
  expect(resolve(found, () => "mine").segments.map((one) => one.text)).toEqual(["a。b。", "他的。", "我的", "一句。"]);
});
