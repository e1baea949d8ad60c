// Which engine will recognise the speech of an upload, and whether it makes use of hotwords.
import type { Engine } from "../app/engines";

type Choice = Pick<Engine, "name" | "task" | "default" | "hotwords">;

/** The engine chosen by name, or the one that is taken without a choice. */
export function recognizerOf<E extends Choice>(engines: readonly E[], chosen: string): E | undefined {
  return engines.find((one) => (chosen ? one.name === chosen : one.task === "transcribe" && one.default));
}
