// What an entry of the audit log says beside who did what: its facts, in the reader's words.

export type Facts = Readonly<Record<string, unknown>>;

/** The reader's language. Where there is no word for a fact, its name stands there, and its value as it is. */
export interface Words {
  name(fact: string): string;
  value(fact: string, value: string): string;
  pair(name: string, value: string): string;
  became(before: string, after: string): string;
  bytes(size: number): string;
  readonly comma: string;
}

/** Facts that tell what was and what is. */
const CHANGES = new Set(["role", "username"]);
const SIZES = new Set(["bytes", "stored_bytes"]);

export function factsOf(facts: Facts, words: Words): string {
  // That there is none is worth a word where it means something: a rule without days is off.
  const told = Object.entries(facts).filter(([fact, value]) => value !== null || words.value(fact, "null") !== "null");
  return told.map(([fact, value]) => words.pair(words.name(fact), said(fact, value, words))).join(" · ");
}

function said(fact: string, value: unknown, words: Words): string {
  if (Array.isArray(value)) {
    const each = value.map((one) => said(fact, one, words));
    return CHANGES.has(fact) && each.length === 2 ? words.became(each[0]!, each[1]!) : each.join(words.comma);
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value as Facts).map(([name, one]) => words.pair(words.name(name), said(name, one, words))).join(words.comma);
  }
  if (typeof value === "number" && SIZES.has(fact)) return words.bytes(value);
  return words.value(fact, String(value));
}
