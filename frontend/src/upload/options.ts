// The transcription options, as form values and as the server expects them.
import type { Options } from "./uploadQueue";

export interface Choices {
  count: "unknown" | "exact" | "range";
  exact: number | null;
  low: number | null;
  high: number | null;
  hotwords: string[];
  language: string;
  transcriber: string;
  diarizer: string;
  polish: boolean;
  minutes: string;
}

export const NO_CHOICES: Choices = {
  count: "unknown",
  exact: 2,
  low: 2,
  high: 6,
  hotwords: [],
  language: "auto",
  transcriber: "",
  diarizer: "",
  polish: false,
  minutes: "",
};

export function optionsOf(choices: Choices): Options {
  const { hotwords, language, transcriber, diarizer, polish, minutes } = choices;
  return { speakers: speakersOf(choices), hotwords, language, transcriber, diarizer, polish, minutes };
}

function speakersOf({ count, exact, low, high }: Choices): string {
  if (count === "exact") return String(exact);
  return count === "range" ? `${low}-${high}` : "";
}
