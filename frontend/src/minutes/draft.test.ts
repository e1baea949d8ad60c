import { describe, expect, it } from "vitest";
import { changedLines, draftOf, moved, withEvidenceMoved, withoutEmptyLines } from "./draft";
import type { Minutes } from "./MinutesText";

const content = {
  language: "zh",
  title: "周会",
  meeting: { held: null, place: "", attendees: [], next_held: null, next_place: "", attachments: [] },
  headline: { text: "定了", evidence: ["a"], doubtful: false, edited: false },
  overview: [],
  decisions: [
    { text: "通过", evidence: ["a", "b"], doubtful: false, edited: true },
    { text: "延期", evidence: ["c"], doubtful: false, edited: false },
  ],
  actions: [
    {
      text: "签字",
      evidence: [],
      who: "李",
      speaker: null,
      when: "周五",
      due: null,
      done: false,
      edited: false,
      doubtful: false,
    },
  ],
  questions: [],
  topics: [],
  speakers: [],
  keywords: ["预算"],
} as unknown as Minutes["content"];

describe("the draft of minutes", () => {
  it("carries no marks of the server", () => {
    const { decisions } = draftOf(content);
    expect(decisions[0]).toEqual({ text: "通过", evidence: ["a", "b"], doubtful: false });
  });

  it("loses the lines that nobody filled in", () => {
    const draft = draftOf(content);
    const filled = withoutEmptyLines({
      ...draft,
      decisions: [...draft.decisions, { text: " ", evidence: [], doubtful: false }],
    });
    expect(filled.decisions.map((one) => one.text)).toEqual(["通过", "延期"]);
  });

  it("moves evidence once from one statement to another", () => {
    const items = withEvidenceMoved(draftOf(content).decisions, 0, 1, "b");
    expect(items.map((one) => one.evidence)).toEqual([["a"], ["c", "b"]]);
    expect(withEvidenceMoved(items, 1, 2, "b")).toEqual(items);
  });

  it("moves a line up and down, not beyond the ends", () => {
    expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
  });

  it("differs in the lines that changed", () => {
    const after = { ...content, actions: [{ ...content.actions[0]!, done: true, due: "2026-12-04" }] };
    expect(changedLines(content, after)).toEqual([
      { kind: "removed", text: "☐ 李 周五 签字" },
      { kind: "added", text: "☑ 李 2026-12-04 签字" },
    ]);
    expect(changedLines(content, content)).toEqual([]);
  });
});
