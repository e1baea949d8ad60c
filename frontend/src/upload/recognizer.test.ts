import { expect, test } from "vitest";
import { recognizerOf } from "./recognizer";

const ENGINES = [
  { name: "pyannote", task: "diarize", default: true, hotwords: false },
  { name: "paraformer", task: "transcribe", default: true, hotwords: true },
  { name: "vosk", task: "transcribe", default: false, hotwords: false },
];

test("hotwords are for the engine that was chosen, else for the one that is taken without a choice", () => {
  expect(recognizerOf(ENGINES, "")).toMatchObject({ name: "paraformer", hotwords: true });
  expect(recognizerOf(ENGINES, "vosk")).toMatchObject({ name: "vosk", hotwords: false });
});

test("an engine that is gone, or none at all, is none", () => {
  expect(recognizerOf(ENGINES, "gone")).toBeUndefined();
  expect(recognizerOf([], "")).toBeUndefined();
});
