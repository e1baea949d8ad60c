import { expect, test } from "vitest";
import { formats } from "../app/formats";
import { warningFacts } from "./warningFacts";

const { language } = formats("zh-CN");

test("a file in several languages names the one that was transcribed, and the others", () => {
  const facts = warningFacts({ code: "tracks_left_out", names: "zh, en, fr" }, language, "、");

  expect(facts).toEqual({ heard: "中文", names: "英语、法语" });
});

test("a language that is no code is shown as the file calls it", () => {
  const facts = warningFacts({ code: "tracks_left_out", names: "en, zh hans" }, language, "、");

  expect(facts).toEqual({ heard: "英语", names: "zh hans" });
});

test("other warnings show their names as they are", () => {
  expect(warningFacts({ code: "track_unreadable", names: "2 (dts)" }, language, "、")).toEqual({ names: "2 (dts)" });
  expect(warningFacts({ code: "media_damaged", names: null }, language, "、")).toEqual({ names: "" });
});
