// The options of the last upload, kept in this browser per user. The number of people belongs to one meeting, so it is
// not kept.
import { type Choices, NO_CHOICES } from "./options";

const KEY = (user: string) => `upload-options:${user}`;
const KEPT = ["hotwords", "language", "transcriber", "diarizer", "polish", "minutes"] as const;

export function rememberChoices(user: string, choices: Choices) {
  try {
    localStorage.setItem(KEY(user), JSON.stringify(pick(choices)));
  } catch {
    // Without localStorage the next upload begins with the defaults.
  }
}

/** The choices of last time, or the defaults. */
export function rememberedChoices(user: string | undefined): Choices {
  if (!user) return NO_CHOICES;
  try {
    return { ...NO_CHOICES, ...pick(JSON.parse(localStorage.getItem(KEY(user)) ?? "{}") as Partial<Choices>) };
  } catch {
    return NO_CHOICES;
  }
}

/** What this server offers now. */
export interface Offered {
  readonly engines: readonly { name: string; installed: boolean }[];
  readonly templates: readonly { key: string }[];
  readonly languageModel: boolean;
}

/** The choices without engines and templates that are no longer there. */
export function withoutMissing(choices: Choices, { engines, templates, languageModel }: Offered): Choices {
  const installed = (name: string) => engines.some((engine) => engine.name === name && engine.installed);
  return {
    ...choices,
    transcriber: installed(choices.transcriber) ? choices.transcriber : "",
    diarizer: installed(choices.diarizer) ? choices.diarizer : "",
    polish: choices.polish && languageModel,
    minutes: languageModel && templates.some(({ key }) => key === choices.minutes) ? choices.minutes : "",
  };
}

/** How many of the kept options differ from the defaults. */
export function changedCount(choices: Partial<Choices>): number {
  return KEPT.filter(
    (name) => choices[name] !== undefined && JSON.stringify(choices[name]) !== JSON.stringify(NO_CHOICES[name]),
  ).length;
}

function pick(choices: Partial<Choices>): Partial<Choices> {
  return Object.fromEntries(KEPT.filter((name) => choices[name] !== undefined).map((name) => [name, choices[name]]));
}
