// Dates, times, sizes and percentages, formatted for the chosen language.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

/** Bytes of a gigabyte. */
export const GB = 1e9;
/** Sizes are shown in decimal units everywhere, as the doctor and most systems show them: bytes of B, kB, MB, GB, TB. */
const STEPS = [1, 1e3, 1e6, GB, 1e12] as const;

/** A number to count with, as precise as it is shown. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

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
      // A size that rounds to 1000 of a unit is 1 of the next.
      const step = STEPS.findIndex((unit, index) => Math.round((10 * size) / unit) < 10_000 || index === 4);
      return `${number.format(size / STEPS[step]!)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
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
