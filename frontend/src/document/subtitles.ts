// The transcript as subtitles: short cues with the times of their words.
import { timeAt } from "./time";
import type { Doc, Segment } from "./types";
import { isNarrow } from "./words";

export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What fits on two lines, in characters of Chinese; Latin letters count half. */
const LONGEST = 36;
const PHRASE = /[^，。！？；、,.!?;]*[，。！？；、,.!?;]*\s*/g;

export function cuesOf(doc: Doc): Cue[] {
  return doc.segments.flatMap(cuesOfSegment);
}

function cuesOfSegment(segment: Segment): Cue[] {
  const offsets = cutsOf(segment.text);
  return offsets.flatMap((from, number) => {
    const to = offsets[number + 1] ?? segment.text.length;
    const text = segment.text.slice(from, to).trim();
    const start = from === 0 ? segment.start : timeAt(segment, from);
    const end = to === segment.text.length ? segment.end : timeAt(segment, to);
    return text && end > start ? [{ start, end, text }] : [];
  });
}

/** Where cues begin: at phrases, and inside a phrase that is too long for one. */
function cutsOf(text: string): number[] {
  const cuts = [0];
  let width = 0;
  for (const { 0: phrase, index } of text.matchAll(PHRASE)) {
    if (width > 0 && width + widthOf(phrase) > LONGEST) {
      cuts.push(index);
      width = 0;
    }
    let offset = index;
    for (const character of phrase) {
      if (width >= LONGEST) {
        cuts.push(offset);
        width = 0;
      }
      width += widthOf(character);
      offset += character.length;
    }
  }
  return cuts;
}

function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (isNarrow(character) ? 0.5 : 1), 0);
}

/** Text as WebVTT writes it: nothing in it is markup. */
export function vttText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
