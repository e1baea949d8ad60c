import { describe, expect, test } from "vitest";
import type { Segment } from "../document/types";
import { markedRange, requestFor, type Thread } from "./places";

const TEXT = "好😀预算三百万";
const segment = { id: "p1", text: TEXT } as Segment;
const thread = (state: Thread["place"]["state"]): Thread => ({
  id: "c",
  quote: "预算",
  at: 0,
  place: { state, segment_id: "p1", start: 2, end: 4 },
  resolved_at: null,
  comments: [],
});

describe("places of comments", () => {
  test("are sent in code points", () => {
    expect(requestFor([segment], { segment: "p1", from: 3, to: 5 }, "?")).toEqual({
      text: "?",
      segment_id: "p1",
      start: 2,
      end: 4,
      quote: "预算",
    });
    expect(requestFor([segment], { segment: "p1", from: 20, to: 25 }, "?")).toBeNull();
    expect(requestFor([], { segment: "p1", from: 3, to: 5 }, "?")).toBeNull();
  });

  test("are marked in units of the text on the page", () => {
    expect(markedRange(thread("same"), TEXT)).toEqual([3, 5]);
    expect(markedRange(thread("same"), "那么预算三百万")).toEqual([2, 4]);
    expect(markedRange(thread("same"), "那么三百万")).toBeNull();
    expect(markedRange(thread("changed"), "好😀费用三百万")).toEqual([3, 5]);
    expect(markedRange(thread("gone"), TEXT)).toBeNull();
  });
});
