// English texts with a count have a form for one; numbers are written as the language writes them.
import i18next from "i18next";
import { expect, test } from "vitest";
import { loadLanguage } from "./i18n";

test("the count chooses the form of an English text", async () => {
  await loadLanguage("en");
  const recordings = i18next.t("search.inRecordings", { count: 1 });

  expect(i18next.t("search.count", { count: 5, recordings })).toBe("5 matches in 1 recording");
  expect(i18next.t("library.people", { count: 1 })).toBe("1 speaker");
  expect(i18next.t("library.people", { count: 2 })).toBe("2 speakers");
  expect(i18next.t("library.people", { count: 0 })).toBe("0 speakers");
  expect(i18next.t("account.minutesOf", { count: 1 })).toBe("1 minute");
  expect(i18next.t("account.minutesOf", { count: 1234.5 })).toBe("1,234.5 minutes");
});

test("a Chinese text with a count has one form", async () => {
  await loadLanguage("zh-CN");

  expect(i18next.t("library.people", { count: 1 })).toBe("1 人");
  expect(i18next.t("account.minutesOf", { count: 1234.5 })).toBe("1,234.5 分钟");
});
