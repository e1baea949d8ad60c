// The words of a segment and their ranges in its text. After an edit, words that remain keep their times.
import type { Word } from "./types";

const SPOKEN = /[\p{L}\p{M}\p{N}%％‰℃℉°]/u;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const INSIDE = /['’\-._,:@&+]/;

/** One word: a Chinese character, or a run of Latin letters or digits. */
export interface Token {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The text without punctuation and white space. */
export function stripPunctuation(text: string): string {
  return [...text].filter((character) => SPOKEN.test(character)).join("");
}

/** Whether it is written with spaces around words: a Latin letter or a digit. */
export function isNarrow(character: string): boolean {
  return SPOKEN.test(character) && !WIDE.test(character);
}

/** Splits the text into words the way the recognizer does. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let from = -1;
  const end = (to: number) => {
    if (from >= 0) found.push({ text: text.slice(from, to), from, to });
    from = -1;
  };
  let at = 0;
  for (const character of text) {
    const next = at + character.length;
    if (isNarrow(character)) {
      if (from < 0) from = at;
    } else if (SPOKEN.test(character)) {
      end(at);
      found.push({ text: character, from: at, to: next });
    } else if (!(from >= 0 && INSIDE.test(character) && isNarrow(text.charAt(next)))) {
      end(at);
    }
    at = next;
  }
  end(text.length);
  return found;
}

/** The range of each word in the text, in order; null for a word that is no longer there. */
export function wordRanges(text: string, words: readonly Word[]): (readonly [from: number, to: number] | null)[] {
  let cursor = 0;
  return words.map(([word]) => {
    const from = word ? text.indexOf(word, cursor) : -1;
    if (from < 0) return null;
    cursor = from + word.length;
    return [from, cursor] as const;
  });
}

/** The words of a changed text. Matching words keep their times; new ones share the time of those they replace. */
export function retimeWords(words: readonly Word[], text: string, start: number, end: number): Word[] {
  const fresh = tokens(text);
  const matched = matches(
    words.map(([word]) => word),
    fresh.map((token) => token.text),
  );
  const result: Word[] = [];
  let old = 0;
  for (let index = 0; index < fresh.length; ) {
    const match = matched[index]!;
    if (match >= 0) {
      result.push(words[match]!);
      old = match + 1;
      index += 1;
      continue;
    }
    let until = index;
    while (until < fresh.length && matched[until]! < 0) until += 1;
    const next = until < fresh.length ? matched[until]! : words.length;
    // The time between the remaining words, narrowed to that of the removed words.
    const low = words[old - 1]?.[2] ?? (old < next ? words[old]![1] : start);
    const high = words[next]?.[1] ?? (old < next ? words[next - 1]![2] : end);
    const from = old < next ? Math.max(low, words[old]![1]) : low;
    const to = Math.max(from, old < next ? Math.min(high, words[next - 1]![2]) : high);
    const each = (to - from) / (until - index);
    for (let number = 0; index < until; number += 1, index += 1) {
      result.push([
        fresh[index]!.text,
        roundToMilliseconds(from + number * each),
        roundToMilliseconds(from + (number + 1) * each),
      ]);
    }
  }
  return result;
}

/** For each new text, the index of the matching old one, or -1: a longest common subsequence. */
export function matches(old: readonly string[], fresh: readonly string[]): number[] {
  const found = new Array<number>(fresh.length).fill(-1);
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) {
    found[head] = head;
    head += 1;
  }
  let oldEnd = old.length;
  let freshEnd = fresh.length;
  while (oldEnd > head && freshEnd > head && old[oldEnd - 1] === fresh[freshEnd - 1]) {
    oldEnd -= 1;
    freshEnd -= 1;
    found[freshEnd] = oldEnd;
  }
  const rows = oldEnd - head;
  const columns = freshEnd - head;
  if (rows === 0 || columns === 0 || rows * columns > 1_000_000) return found; // too many changes to compare
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[head + row] === fresh[head + column]
          ? lengths[(row + 1) * width + column + 1]! + 1
          : Math.max(lengths[(row + 1) * width + column]!, lengths[row * width + column + 1]!);
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (old[head + row] === fresh[head + column]) {
      found[head + column] = head + row;
      row += 1;
      column += 1;
    } else if (lengths[(row + 1) * width + column]! >= lengths[row * width + column + 1]!) row += 1;
    else column += 1;
  }
  return found;
}

function roundToMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
