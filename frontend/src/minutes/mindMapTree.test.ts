import { expect, test } from "vitest";
import type { Minutes } from "./MinutesText";
import { type MapNode, mindMapTree } from "./mindMapTree";

const content = {
  title: "周会",
  headline: { text: "定了", evidence: ["a"] },
  overview: [],
  decisions: [{ text: "长".repeat(80), evidence: [] }],
  actions: [{ text: "签字", who: "李雷", evidence: ["b", "c"] }],
  questions: [],
  topics: [{ title: "预算", start: 0, end: 9, evidence: ["d"], points: [{ text: "加一成", evidence: ["e"] }] }],
  speakers: [{ speaker: "S1", name: "发言人 1", text: "赞成", evidence: ["f"] }],
  keywords: ["预算", "没人说过"],
} as unknown as Minutes["content"];

const words = {
  title: "会议纪要",
  nameOf: (part: string) => part,
  speakerOf: () => "王芳",
  saying: (word: string) => (word === "预算" ? "g" : null),
};

const flat = (node: MapNode): MapNode[] => [node, ...node.children.flatMap(flat)];

test("every part with content is a branch in the order of the template, and every node leads to its evidence", () => {
  const tree = mindMapTree(content, ["topics", "overview", "actions", "speakers", "keywords"], words);

  expect(tree.topic).toBe("周会");
  expect(tree.children.map((one) => one.topic)).toEqual(["topics", "actions", "speakers", "keywords"]);
  const found = flat(tree).map((one) => [one.topic, one.evidence]);
  expect(found).toEqual([
    ["周会", null],
    ["topics", null],
    ["预算", "d"],
    ["加一成", "e"],
    ["actions", null],
    ["李雷 · 签字", "b"],
    ["speakers", null],
    ["王芳 · 赞成", "f"],
    ["keywords", null],
    ["预算", "g"],
    ["没人说过", null],
  ]);
  expect(new Set(flat(tree).map((one) => one.id)).size).toBe(found.length);
});

test("a long statement is shortened, and minutes without a title get one", () => {
  const tree = mindMapTree({ ...content, title: "" }, ["decisions"], words);

  expect(tree.topic).toBe("会议纪要");
  expect(tree.children[0]!.children[0]!.topic).toBe(`${"长".repeat(60)}…`);
});
