// The export options, remembered in this browser, and a preview of the result.
import type { Schemas } from "../api/client";
import { DEFAULT_FORM, SCRIPTS, type WrittenForm } from "../app/writtenForm";

export const FORMATS = ["txt", "docx", "pdf", "md", "srt", "vtt", "csv", "json"] as const;

export type Format = (typeof FORMATS)[number];
export type Options = Required<Omit<Schemas["ExportRequest"], "recording_ids" | "format">> & { format: Format };

export const DEFAULTS: Options = {
  format: "txt",
  times: true,
  speakers: true,
  punctuation: true,
  script: DEFAULT_FORM.script,
  bom: true,
  written_numbers: DEFAULT_FORM.numbers,
};

const STORAGE_KEY = "meeting-asr.export";

/** The last options used in this browser; invalid values are replaced by defaults. Numbers and script are those in
 * which this person reads, unless others were chosen for exports. */
export function lastOptions(form: WrittenForm): Options {
  try {
    return parseOptions(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"), form);
  } catch {
    return parseOptions({}, form);
  }
}

export function saveOptions(options: Options, form: WrittenForm) {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(optionsToStore(options, form)));
}

/** Without what follows the person's own form. */
export function optionsToStore(options: Options, form: WrittenForm): Partial<Options> {
  const { script, written_numbers, ...rest } = options;
  return {
    ...rest,
    ...(script === form.script ? {} : { script }),
    ...(written_numbers === form.numbers ? {} : { written_numbers }),
  };
}

export function parseOptions(stored: unknown, form: WrittenForm = DEFAULT_FORM): Options {
  const found: Options = { ...DEFAULTS, script: form.script, written_numbers: form.numbers };
  if (typeof stored !== "object" || stored === null) return found;
  const { format, script, ...rest } = stored as Record<string, unknown>;
  found.format = FORMATS.find((one) => one === format) ?? found.format;
  found.script = SCRIPTS.find((one) => one === script) ?? found.script;
  for (const name of ["times", "speakers", "punctuation", "bom", "written_numbers"] as const) {
    if (typeof rest[name] === "boolean") found[name] = rest[name];
  }
  return found;
}

/** Which options a format supports: subtitles always have times, and JSON has everything. */
export function supportedOptions(
  format: Format,
): Record<"times" | "speakers" | "punctuation" | "bom" | "written_numbers", boolean> {
  const subtitles = format === "srt" || format === "vtt";
  const all = format === "json";
  return { times: !subtitles && !all, speakers: !all, punctuation: !all, bom: format === "csv", written_numbers: !all };
}

/** A text without its punctuation, as an export writes it. */
export function withoutMarks(text: string): string {
  return text.replace(/\p{P}+$/u, "").replace(/\p{P}+/gu, " ");
}

/** One segment as it will look in the file. */
export function sample(options: Options, words: { speaker: string; text: string }): string {
  const { format, times, speakers } = options;
  const { speaker, text } = words;
  switch (format) {
    case "srt":
      return `1\n00:00:01,000 --> 00:00:05,000\n${speakers ? `${speaker}：` : ""}${text}`;
    case "vtt":
      return `00:00:01.000 --> 00:00:05.000\n${speakers ? `<v ${speaker}>` : ""}${text}`;
    case "json":
      return `{"speaker": "S1", "start": 1.0, "end": 5.0, "text": "${text}", …}`;
    case "csv":
      return [...(times ? ["00:00:01.000", "00:00:05.000"] : []), ...(speakers ? [speaker] : []), text].join(",");
    case "md":
      return [[speakers && `**${speaker}**`, times && "00:00:01"].filter(Boolean).join(" "), text]
        .filter(Boolean)
        .join("\n\n");
    default:
      return [[speakers && speaker, times && "00:00:01"].filter(Boolean).join("  "), text].filter(Boolean).join("\n");
  }
}
