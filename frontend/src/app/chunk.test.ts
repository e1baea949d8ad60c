import { expect, test } from "vitest";
import { loaded } from "./chunk";

const failing = (times: number) => {
  let left = times;
  return async () => {
    if (left-- > 0) throw new TypeError("Failed to fetch dynamically imported module");
    return "part";
  };
};

test("a part that could not be loaded without a network comes when there is one", async () => {
  let chances = 0;
  const network = { online: () => chances > 20, chance: async () => void (chances += 1) };

  expect(await loaded(failing(20), "gone", network)).toBe("part");
  expect(chances).toBe(20);
});

test("a part that is no longer there is given up while the network works", async () => {
  const network = { online: () => true, chance: async () => {} };

  expect(await loaded(failing(4), "gone", network)).toBe("part");
  expect(await loaded(failing(100), "gone", network)).toBe("gone");
});
