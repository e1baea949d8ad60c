// How a text is written for readers (numbers in digits, another script), as spans over what was heard.

/** `text` stands for the characters from `from` up to `to` of what was heard, in UTF-16 units. */
export type Span = readonly [from: number, to: number, text: string];

/** A stretch of the written text: as it was heard, or a span of it. */
export interface Part {
  readonly text: string;
  /** What was heard, if something else is written. */
  readonly heard: string | null;
}

/** Whether it stands for what was heard as a whole: a number, a word of another length. Else one character for one. */
export function isUnit([from, to, text]: Span): boolean {
  return text.length !== to - from || /\d/.test(text);
}

export function write(heard: string, spans: readonly Span[]): string {
  return partsOf(heard, spans)
    .map((part) => part.text)
    .join("");
}

/** The written text in parts; none is empty. */
export function partsOf(heard: string, spans: readonly Span[]): Part[] {
  const parts: Part[] = [];
  let position = 0;
  for (const [from, to, text] of spans) {
    if (from > position) parts.push({ text: heard.slice(position, from), heard: null });
    parts.push({ text, heard: heard.slice(from, to) });
    position = to;
  }
  if (position < heard.length) parts.push({ text: heard.slice(position), heard: null });
  return parts;
}

/** Where an offset of the written text lies in what was heard; inside a number it is the number's start. */
export function heardOffset(spans: readonly Span[], offset: number): number {
  let growth = 0;
  for (const [from, to, text] of spans) {
    const start = from + growth;
    if (offset <= start) break;
    if (offset < start + text.length) return isUnit([from, to, text]) ? from : offset - growth;
    growth += text.length - (to - from);
  }
  return offset - growth;
}

/** Where an offset of what was heard lies in the written text; inside a number it is the number's start, or its end. */
export function writtenOffset(spans: readonly Span[], offset: number, side: "start" | "end" = "start"): number {
  let growth = 0;
  for (const [from, to, text] of spans) {
    if (offset <= from) break;
    if (offset < to) {
      if (isUnit([from, to, text])) return from + growth + (side === "end" ? text.length : 0);
      break;
    }
    growth += text.length - (to - from);
  }
  return offset + growth;
}

/** The spans of the server, which counts code points, in UTF-16 units. */
export function toUtf16(heard: string, spans: readonly Span[]): readonly Span[] {
  const characters = [...heard];
  if (characters.length === heard.length) return spans;
  const offsets = [0];
  for (const character of characters) offsets.push(offsets.at(-1)! + character.length);
  return spans.map(([from, to, text]) => [offsets[from]!, offsets[to]!, text] as const);
}

/** The range of what was heard for a range of the written text; null where it would cut a number. */
export function heardRange(spans: readonly Span[], from: number, to: number): readonly [number, number] | null {
  const range = [heardOffset(spans, from), heardOffset(spans, to)] as const;
  const whole = writtenOffset(spans, range[0]) === from && writtenOffset(spans, range[1]) === to;
  return whole && range[0] < range[1] ? range : null;
}
