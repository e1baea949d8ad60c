// The values that the text of a job's warning has places for.
import type { Job } from "./client";

type Warning = Job["warnings"][number];

/** `nameOf` gives a language its name; `comma` stands between names. */
export function warningFacts(
  warning: Pick<Warning, "code" | "names">,
  nameOf: (language: string) => string,
  comma: string,
): Record<string, string> {
  const names = warning.names ?? "";
  if (warning.code !== "tracks_left_out") return { names };
  // The language that was transcribed, then the others.
  const [heard = "", ...others] = names.split(", ").filter(Boolean).map(nameOf);
  return { heard, names: others.join(comma) };
}
