import fc from "fast-check";
import { expect, test } from "vitest";
import { remove, renameSpeaker, setText } from "./edit";
import { createHistory, type History, pushStep, undo } from "./history";
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

test("unsaved texts are applied to another document by segment id", () => {
  const doc = document(segment("a", "一", 0, 1), segment("b", "二", 1, 2), segment("c", "三", 2, 3));
  const text = serializeHistory(doc, pushStep(createHistory<Doc>(doc), setText(doc, "b", "改过的")))!;

  const after = rebaseHistory(document(segment("b", "二二", 1, 2, { speaker: "S2" }), segment("d", "四", 2, 3)), text)!;

  expect(after.present.segments.map((one) => [one.id, one.text, one.speaker])).toEqual([
    ["b", "改过的", "S2"],
    ["d", "四", "S1"],
  ]);
  expect(undo(after).present.segments[0]!.text).toBe("二二");
  expect(rebaseHistory(doc, "not JSON")).toBeNull();
});
