// The export options, remembered in this browser, and a preview of the result.
import type { Schemas } from "../api/client";

export const FORMATS = ["txt", "docx", "pdf", "md", "srt", "vtt", "csv", "json"] as const;
export const SCRIPTS = ["as_is", "simplified", "traditional"] as const;

export type Format = (typeof FORMATS)[number];
export type Options = Required<Omit<Schemas["ExportRequest"], "recording_ids" | "format">> & { format: Format };

export const DEFAULTS: Options = {
  format: "txt",
  times: true,
  speakers: true,
  punctuation: true,
  script: "as_is",
  bom: true,
  written_numbers: false,
};

const STORAGE_KEY = "meeting-asr.export";

/** The last options used in this browser; invalid values are replaced by defaults. */
export function lastOptions(): Options {
  try {
    return parseOptions(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"));
  } catch {
    return DEFAULTS;
  }
}

export function saveOptions(options: Options) {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(options));
}

export function parseOptions(stored: unknown): Options {
  const found = { ...DEFAULTS };
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
