import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addSpeaker,
  idsBetween,
  mergeAll,
  mergeSpeakers,
  mergeWithNext,
  remove,
  renameSpeaker,
  setSpeaker,
  setText,
  split,
} from "./edit";
import { excerpt, find, replaceHits } from "./find";
import { createHistory, type History, pushStep, redo, undo } from "./history";
import { flaggedSegments, reviewFlagsOf } from "./reviewFlags";
import { DOCUMENTS, document, segment } from "./testDocuments";
import type { Doc } from "./types";
import { stripPunctuation } from "./words";

const at = fc.nat(60);

/** What the server requires of a document. */
function holdsTogether(doc: Doc, limit: number) {
  expect(new Set(doc.segments.map((one) => one.id)).size).toBe(doc.segments.length);
  const speakers = new Set<string | null | undefined>([...doc.speakers.map((one) => one.id), null, undefined]);
  let before = 0;
  for (const one of doc.segments) {
    expect(before <= one.start && one.start <= one.end && one.end <= limit + 1).toBe(true);
    expect(speakers.has(one.speaker) && speakers.has(one.second_speaker)).toBe(true);
    for (const [, start, end] of one.words) expect(start <= end && end <= limit + 1).toBe(true);
    before = one.start;
  }
}

function words(doc: Doc): string {
  return doc.segments.flatMap((one) => one.words.map(([word]) => stripPunctuation(word))).join("");
}

function text(doc: Doc): string {
  return doc.segments.map((one) => one.text).join("");
}

const noSpans = () => [];

test("a split loses no character and gives a valid document", () => {
  fc.assert(
    fc.property(DOCUMENTS, at, at, (doc, which, offset) => {
      const after = split(doc, doc.segments[which % doc.segments.length]!.id, offset);

      expect(text(after)).toBe(text(doc));
      expect(words(after)).toBe(words(doc));
      holdsTogether(after, doc.duration);
    }),
  );
});

test("merging after a split restores the text and speakers", () => {
  fc.assert(
    fc.property(DOCUMENTS, at, at, (doc, which, offset) => {
      const id = doc.segments[which % doc.segments.length]!.id;
      const parted = split(doc, id, offset);
      const after = parted === doc ? doc : mergeWithNext(parted, id);

      expect(stripPunctuation(text(after))).toBe(stripPunctuation(text(doc)));
      expect(after.segments.length).toBe(doc.segments.length);
      expect(after.segments.map((one) => one.speaker)).toEqual(doc.segments.map((one) => one.speaker));
      holdsTogether(after, doc.duration);
    }),
  );
});

test("after a text change the words match the new text and their times stay in order", () => {
  fc.assert(
    fc.property(DOCUMENTS, DOCUMENTS, (doc, other) => {
      const first = doc.segments[0]!;
      const after = setText(doc, first.id, other.segments[0]!.text);
      const changed = after.segments[0]!;

      expect(changed.words.map(([word]) => stripPunctuation(word)).join("")).toBe(stripPunctuation(changed.text));
      for (let number = 1; number < changed.words.length; number += 1) {
        expect(changed.words[number]![1]).toBeGreaterThanOrEqual(changed.words[number - 1]![1] - 0.002);
      }
      holdsTogether(after, doc.duration);
    }),
  );
});

test("a corrected character takes the time of the wrong one, the others keep theirs", () => {
  const doc = document(segment("g1", "我们用货山引擎。", 0, 7));

  const [changed] = setText(doc, "g1", "我们用火山引擎。").segments;

  expect(changed!.words.map(([word]) => word).join("")).toBe("我们用火山引擎");
  expect(changed!.words.map(([, start, end]) => [start, end])).toEqual(
    doc.segments[0]!.words.map(([, start, end]) => [start, end]),
  );
});

test("undo and redo are exact", () => {
  fc.assert(
    fc.property(DOCUMENTS, fc.array(fc.tuple(fc.nat(6), at, at), { maxLength: 20 }), (doc, edits) => {
      let history: History<Doc> = createHistory(doc);
      const seen = [doc];
      for (const [kind, which, offset] of edits) {
        const now = history.present;
        const id = now.segments[which % Math.max(1, now.segments.length)]?.id ?? "none";
        const after = [
          () => split(now, id, offset),
          () => mergeWithNext(now, id),
          () => remove(now, [id]),
          () => setText(now, id, `改过了${offset}`),
          () => setSpeaker(now, [id], "S2"),
          () => renameSpeaker(now, "S1", `甲${offset}`),
          () => addSpeaker(now),
        ][kind]!();
        history = pushStep(history, after);
        if (after !== now) seen.push(after);
        holdsTogether(after, doc.duration);
      }
      const last = history.present;
      for (const expected of seen.toReversed()) {
        expect(history.present).toBe(expected);
        history = undo(history);
      }
      expect(history.present).toBe(doc);
      seen.forEach(() => (history = redo(history)));
      expect(history.present).toBe(last);
    }),
  );
});

test("merged speakers are one, and a segment never has the same speaker twice", () => {
  const doc = document(
    segment("g1", "好。", 0, 1, { speaker: "S2", second_speaker: "S1" }),
    segment("g2", "嗯。", 1, 2),
  );

  const after = mergeSpeakers(doc, "S2", "S1");

  expect(after.speakers.map((one) => one.id)).toEqual(["S1"]);
  expect(after.segments.map((one) => [one.speaker, one.second_speaker])).toEqual([
    ["S1", null],
    ["S1", null],
  ]);
});

test("a new speaker gets an unused id", () => {
  const after = addSpeaker(mergeSpeakers(document(), "S1", "S2"), " 李 雷\n");

  expect(after.speakers).toEqual([
    { id: "S2", name: "王芳" },
    { id: "S3", name: "李 雷" },
  ]);
});

test("pasted line ends become spaces", () => {
  const after = setText(document(segment("g1", "好", 0, 1)), "g1", "第一行\r\n第二行\u2028完");

  expect(after.segments[0]!.text).toBe("第一行 第二行 完");
});

test("a merge puts a space between Latin words but not between Chinese ones", () => {
  const latin = mergeWithNext(document(segment("a", "use the", 0, 1), segment("b", "API", 1, 2)), "a");
  const chinese = mergeWithNext(document(segment("a", "我们", 0, 1), segment("b", "开会", 1, 2)), "a");

  expect(latin.segments[0]!.text).toBe("use the API");
  expect(chinese.segments[0]!.text).toBe("我们开会");
});

test("find is literal, and only the given hits are replaced", () => {
  const doc = document(segment("a", "api.v2 和 API", 0, 1), segment("b", "apixv2，API", 1, 2));
  const hits = find(doc, "api", noSpans);

  expect(find(doc, "api.v2", noSpans)).toEqual([{ segment: "a", from: 0, to: 6 }]);
  expect(hits).toHaveLength(4);
  expect(replaceHits(doc, [hits[1]!], "$&").segments[0]!.text).toBe("api.v2 和 $&");
  expect(replaceHits(doc, hits, "接口").segments.map((one) => one.text)).toEqual(["接口.v2 和 接口", "接口xv2，接口"]);
  expect(replaceHits(doc, [hits[3]!, hits[0]!], "甲").segments.map((one) => one.text)).toEqual([
    "甲.v2 和 API",
    "apixv2，甲",
  ]);
  expect(replaceHits(doc, [], "接口")).toBe(doc);
});

test("an excerpt shows the text around a hit and splits no surrogate pair", () => {
  expect(excerpt("我们用𠮷野家", { segment: "a", from: 2, to: 3 }, 2)).toEqual(["我们", "用", "𠮷野…"]);
  expect(excerpt("一二三四五", { segment: "a", from: 4, to: 5 }, 2)).toEqual(["…三四", "五", ""]);
});

test("only adjacent selected segments are merged", () => {
  const doc = document(
    ...["一", "二", "三", "四", "五"].map((text, number) => segment(text, text, number, number + 1)),
  );

  expect(mergeAll(doc, ["一", "二", "四", "五"]).segments.map((one) => one.text)).toEqual(["一二", "三", "四五"]);
  expect(mergeAll(doc, ["一", "三", "五"])).toBe(doc);
  expect(idsBetween(doc, "四", "二")).toEqual(["二", "三", "四"]);
  expect(idsBetween(doc, "四", "none")).toEqual([]);
});

test("assigning the same speaker again confirms it", () => {
  const doc = document(segment("a", "好", 0, 1, { confidence: 0.4 }), segment("b", "好", 1, 2));

  const after = setSpeaker(doc, ["a", "b"], "S1");

  expect(after.segments[0]).toMatchObject({ speaker: "S1", confidence: null, source: "edited" });
  expect(after.segments[1]).toBe(doc.segments[1]);
  expect(setSpeaker(after, ["a", "b"], "S1")).toBe(after);
});

test("errors, overlap and uncertain speakers are flagged; a document without speakers is not flagged on every line", () => {
  const doc = document(
    segment("a", "", 0, 1, { error: "asr_error", speaker: null }),
    segment("b", "好", 1, 2, { overlap: true, confidence: 0.4 }),
    segment("c", "好", 2, 3, { speaker: null }),
  );

  const [first] = doc.segments;
  const doubtful = { ...first!, error: null, overlap: false, unsure: true };
  expect(reviewFlagsOf(doubtful)).toContain("text");
  expect(reviewFlagsOf({ ...doubtful, source: "edited" })).not.toContain("text");
  expect(flaggedSegments(doc).map((one) => one.flags)).toEqual([["error"], ["overlap", "unsure"], ["unknown"]]);
  expect(flaggedSegments({ ...doc, speakers: [] }).map((one) => one.flags)).toEqual([["error"], ["overlap", "unsure"]]);
});
