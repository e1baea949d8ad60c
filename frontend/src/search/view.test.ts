import { expect, test } from "vitest";
import { writeView } from "../app/urlView";
import { readView, requestOf } from "./view";

test("what is looked for is kept in the address", () => {
  const view = readView(new URLSearchParams("q=预算 三月&speaker=张三&from=2026-11-01&to=2026-11-30&sort=best&page=2"));

  expect(readView(writeView(view, readView))).toEqual(view);
  expect(writeView(readView(new URLSearchParams()), readView).toString()).toBe("");
});

test("an address that nobody made is read as far as it can be", () => {
  expect(readView(new URLSearchParams("from=2026-13-99&to=x&sort=worst&page=-3"))).toEqual(
    readView(new URLSearchParams()),
  );
});

test("days are asked for from the first's beginning to the last's end", () => {
  const { since, until } = requestOf(readView(new URLSearchParams("q=a&from=2026-11-01&to=2026-11-01")));

  expect(Date.parse(until!) - Date.parse(since!)).toBe(24 * 3600 * 1000);
  expect(new Date(since!).getHours()).toBe(0);
});

test("a page of results begins after those before", () => {
  expect(requestOf(readView(new URLSearchParams("q=a&page=3"))).offset).toBe(40);
});
