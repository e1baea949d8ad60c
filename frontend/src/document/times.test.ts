import fc from "fast-check";
import { expect, test } from "vitest";
import { copyWords } from "./copiedWords";
import { setText, split } from "./edit";
import { DOCUMENTS, document, segment } from "./testDocuments";
import { endRange, setEnd, setStart, startRange } from "./times";

const doc = document(segment("g1", "你好", 0, 2), segment("g2", "今天开会", 3, 7), segment("g3", "好的", 8, 10));

test("a start or an end that is moved stays between its neighbours, and the words within the segment", () => {
  fc.assert(
    fc.property(
      DOCUMENTS,
      fc.nat(20),
      fc.double({ min: -5, max: 60, noNaN: true }),
      fc.boolean(),
      (any, which, time, isStart) => {
        const index = which % any.segments.length;
        const before = any.segments[index]!;
        const after = (isStart ? setStart : setEnd)(any, before.id, time);
        const moved = after.segments[index]!;
        const [earliest, latest] = (isStart ? startRange : endRange)(any, index);

        expect(isStart ? moved.end : moved.start).toBe(isStart ? before.end : before.start);
        expect(isStart ? moved.start : moved.end).toBeGreaterThanOrEqual(earliest);
        expect(isStart ? moved.start : moved.end).toBeLessThanOrEqual(latest);
        expect(moved.words.map(([text]) => text)).toEqual(before.words.map(([text]) => text));
        let last = moved.start;
        for (const [, start, end] of moved === before ? [] : moved.words) {
          expect(last <= start + 1e-6 && start <= end + 1e-6 && end <= moved.end + 1e-6).toBe(true);
          last = start;
        }
        for (let number = 1; number < after.segments.length; number += 1)
          expect(after.segments[number - 1]!.start).toBeLessThanOrEqual(after.segments[number]!.start);
      },
    ),
  );
});

test("words that are inside keep their times; those outside share what is left", () => {
  const later = setStart(doc, "g2", 4.5).segments[1]!;
  const shorter = setEnd(doc, "g2", 5.5).segments[1]!;

  expect(later.words).toEqual([
    ["今", 4.5, 4.75],
    ["天", 4.75, 5],
    ["开", 5, 6],
    ["会", 6, 7],
  ]);
  expect(shorter.words.slice(0, 2)).toEqual(doc.segments[1]!.words.slice(0, 2));
  expect(shorter.words.slice(2)).toEqual([
    ["开", 5, 5.25],
    ["会", 5.25, 5.5],
  ]);
});

test("a start goes no earlier than the end of the segment before, an end no later than the start of the next", () => {
  expect(setStart(doc, "g2", 0).segments[1]!.start).toBe(2);
  expect(setEnd(doc, "g2", 60).segments[1]!.end).toBe(8);
  expect(setStart(doc, "g2", 9).segments[1]!.start).toBeCloseTo(6.9);
  expect(setEnd(doc, "g3", 60).segments[2]!.end).toBe(10);
});

test("words that are put back where they were cut get their own times again", () => {
  const cut = copyWords(doc.segments[1]!, 0, 2);
  const without = setText(doc, "g2", "开会");
  const back = setText(without, "g2", "今天，开会", [cut]).segments[1]!;

  expect(back.words).toEqual(doc.segments[1]!.words);
});

test("words dragged into the next segment take their times with them, and it starts with them", () => {
  const cut = copyWords(doc.segments[1]!, 2, 4);
  const after = setText(setText(doc, "g2", "今天"), "g3", "开会好的", [cut]).segments[2]!;

  // The segment before still reaches until 7: the words' times would be out of order.
  expect(after.start).toBe(8);

  const shorter = setEnd(setText(doc, "g2", "今天"), "g2", 5);
  const moved = setText(shorter, "g3", "开会好的", [cut]).segments[2]!;
  expect([moved.start, moved.words.slice(0, 2)]).toEqual([5, doc.segments[1]!.words.slice(2)]);
});

test("copied words whose times do not fit there are timed like typed ones", () => {
  const cut = copyWords(doc.segments[0]!, 0, 2);
  const after = setText(doc, "g3", "好的你好", [cut]).segments[2]!;

  expect(after.words[2]![1]).toBeGreaterThanOrEqual(9);
});

test.each([
  ["今天开会。明天休息。", 4, "今天开会。", "明天休息。"],
  ["他说：“好。”然后走了", 5, "他说：“好。”", "然后走了"],
  ["他说“好”", 3, "他说", "“好”"],
  ["Hello. World", 5, "Hello. ", "World"],
  ["一共3.5万", 3, "一共3", ".5万"],
])("a split of %s leaves marks with the words they belong to", (text, caret, left, right) => {
  const parts = split(document(segment("g1", text, 0, 5)), "g1", caret).segments;

  expect(parts.map((one) => one.text)).toEqual([left, right]);
});
