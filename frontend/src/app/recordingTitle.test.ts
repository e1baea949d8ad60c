import { expect, test } from "vitest";
import { titleOf } from "./recordingTitle";

test("a title is the name without the ending of a media file", () => {
  expect(["周会.flac", "周会.M4A", "纪要 v1.2", "周会.pdf", ".wav"].map(titleOf)).toEqual([
    "周会",
    "周会",
    "纪要 v1.2",
    "周会.pdf",
    ".wav",
  ]);
});
