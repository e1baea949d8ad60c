// The display name and color of a speaker.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Doc } from "../document/types";

const COLORS = ["#3b82d6", "#d9822b", "#3c9d5b", "#b5479b", "#7a5fd0", "#cc4b4b", "#0f9aa8", "#98871f"];

export function colorOf(speakers: Doc["speakers"], speaker: string | null | undefined): string {
  const number = speakers.findIndex((one) => one.id === speaker);
  return number < 0 ? "#8c8c8c" : COLORS[number % COLORS.length]!;
}

/** The speaker's name, or "Speaker 2" by order. */
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
