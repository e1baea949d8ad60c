// The facts of an audit log entry as readable text.

export type Facts = Readonly<Record<string, unknown>>;

/** The localized texts. A fact without a translation is shown with its raw name and value. */
export interface FactTexts {
  name(fact: string): string;
  value(fact: string, value: string): string;
  pair(name: string, value: string): string;
  changed(before: string, after: string): string;
  bytes(size: number): string;
  readonly comma: string;
}

/** Facts whose two values are the old and the new one. */
const CHANGES = new Set(["role", "username"]);
const SIZES = new Set(["bytes", "stored_bytes"]);

export function formatFacts(facts: Facts, texts: FactTexts): string {
  // null is shown only where it has a text of its own: a retention rule without days is off.
  const shown = Object.entries(facts).filter(([fact, value]) => value !== null || texts.value(fact, "null") !== "null");
  return shown.map(([fact, value]) => texts.pair(texts.name(fact), formatValue(fact, value, texts))).join(" · ");
}

function formatValue(fact: string, value: unknown, texts: FactTexts): string {
  if (Array.isArray(value)) {
    const each = value.map((one) => formatValue(fact, one, texts));
    return CHANGES.has(fact) && each.length === 2 ? texts.changed(each[0]!, each[1]!) : each.join(texts.comma);
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value as Facts)
      .map(([name, one]) => texts.pair(texts.name(name), formatValue(name, one, texts)))
      .join(texts.comma);
  }
  if (typeof value === "number" && SIZES.has(fact)) return texts.bytes(value);
  return texts.value(fact, String(value));
}
