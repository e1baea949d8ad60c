import { expect, test } from "vitest";
import { chaptersOf, pausesOf } from "./chapters";
import { document, segment } from "./testDocuments";

const doc = document(
  segment("a", "先看预算。", 2, 60),
  segment("b", "华东超支。", 63, 100),
  segment("c", "再看招聘的进度，现在还差三个人，要加快。", 110, 150),
);

test("the topics of the minutes are the chapters, in order", () => {
  const topics = [
    { start: 110, title: "招聘" },
    { start: 2, title: "预算" },
  ];

  expect(chaptersOf(doc, topics).map((one) => one.title)).toEqual(["预算", "招聘"]);
});

test("without topics a chapter begins after a pause, and lasts a while", () => {
  expect(chaptersOf(doc, [])).toEqual([
    { start: 2, title: "先看预算。" },
    { start: 110, title: "再看招聘的进度，现在还差三个人，要加…" },
  ]);
});

test("a recording without long pauses has no chapters", () => {
  expect(chaptersOf(document(segment("a", "好。", 0, 200)), [])).toEqual([]);
});

test("silence is skipped up to a moment before and after speech", () => {
  expect(pausesOf(doc)).toEqual([
    { start: 0, end: 1.7 },
    { start: 60.3, end: 62.7 },
    { start: 100.3, end: 109.7 },
  ]);
});
