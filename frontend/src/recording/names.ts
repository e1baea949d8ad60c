// What a speaker is called, and the colour that goes with it.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Doc } from "../document/types";

const COLOURS = ["#3b82d6", "#d9822b", "#3c9d5b", "#b5479b", "#7a5fd0", "#cc4b4b", "#0f9aa8", "#98871f"];

export function colourOf(speakers: Doc["speakers"], speaker: string | null | undefined): string {
  const number = speakers.findIndex((one) => one.id === speaker);
  return number < 0 ? "#8c8c8c" : COLOURS[number % COLOURS.length]!;
}

/** The given name, else a number by order. */
export function useNames(speakers: Doc["speakers"]) {
  const { t } = useTranslation();
  return useCallback(
    (speaker: string | null | undefined): string => {
      const number = speakers.findIndex((one) => one.id === speaker);
      return number < 0 ? t("editor.unknown") : (speakers[number]!.name ?? t("editor.speaker", { number: number + 1 }));
    },
    [speakers, t],
  );
}
