// Dates, times, sizes and percentages, formatted for the chosen language.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export function useFormats() {
  const { i18n } = useTranslation();
  return useMemo(() => formats(i18n.language), [i18n.language]);
}

export function formats(language: string) {
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const languages = new Intl.DisplayNames([language], { type: "language" });
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  return {
    date: (at: string) => day.format(new Date(at)),
    dateTime: (at: string) => moment.format(new Date(at)),
    number: (value: number) => number.format(value),
    language: (code: string) => languageName(languages, code),
    percent: (value: number) => share.format(value),
    bytes: (size: number) => {
      const step = size >= 1024 ** 3 ? 3 : size >= 1024 ** 2 ? 2 : size >= 1024 ? 1 : 0;
      return `${number.format(size / 1024 ** step)} ${["B", "kB", "MB", "GB"][step]}`;
    },
  };
}

/** A file may call its language by what is no code at all. */
function languageName(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
