import { expect, test } from "vitest";
import { formOf, formOfPreset, inputOf, readParameters } from "./endpointForm";
import type { Endpoint } from "./endpoints";
import { PRESETS } from "./presets";

const STORED: Endpoint = {
  id: "a",
  name: "Qwen",
  url: "https://host/v1",
  model: "qwen-plus",
  context_tokens: 65_536,
  allow_private: false,
  has_key: true,
  key_readable: true,
  shared: true,
  default: true,
  used_tokens: 0,
  protocol: "openai",
  temperature: 0.5,
  headers: ["X-Team"],
  parameters: { enable_thinking: false },
};

test("an endpoint that is saved without a change stays what it was", () => {
  const input = inputOf(formOf(STORED) as Parameters<typeof inputOf>[0]);

  expect(input).toMatchObject({
    temperature: 0.5,
    parameters: { enable_thinking: false },
    headers: { "X-Team": null },
  });
  expect(input).not.toHaveProperty("key");
});

test("extra parameters are one JSON object or nothing", () => {
  expect(readParameters(" ")).toEqual({});
  expect(readParameters('{"a": 1}')).toEqual({ a: 1 });
  for (const text of ["[1]", "null", "{", "1"]) expect(readParameters(text)).toBeNull();
});

test("a preset of this machine may lie in a private network", () => {
  const ollama = PRESETS.find((one) => one.id === "ollama")!;

  expect(formOfPreset(ollama, "Ollama")).toMatchObject({ name: "Ollama", protocol: "ollama", allow_private: true });
});

test("every preset has an address of its own", () => {
  expect(new Set(PRESETS.map((one) => one.url)).size).toBe(PRESETS.length);
  for (const one of PRESETS) expect(new URL(one.url).protocol).toBe(one.local ? "http:" : "https:");
});
