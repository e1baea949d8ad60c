// The fields that the server refused, from an answer with the code `invalid_input`.

/** Kinds whose text says the limit. */
const LIMITED = ["too_long", "too_short", "too_many", "too_few", "too_large", "too_small"] as const;
type Kind = (typeof LIMITED)[number] | "missing" | "wrong_form";

interface InvalidField {
  readonly name: string;
  readonly kind: Kind;
  /** 0 where the kind has none. */
  readonly limit: number;
}

/** More would be a wall of text. */
const MOST = 3;

/** Each refused field once, by the last part of its path that has a label, or else the last that is no index. */
export function invalidFields(
  details: Readonly<Record<string, unknown>>,
  hasLabel: (name: string) => boolean,
): InvalidField[] {
  const found = new Map<string, InvalidField>();
  for (const one of Array.isArray(details.fields) ? (details.fields as Record<string, unknown>[]) : []) {
    if (typeof one?.field !== "string") continue;
    const parts = one.field.split(".").filter((part) => part && !/^\d+$/.test(part));
    const name = parts.findLast(hasLabel) ?? parts.at(-1);
    if (name && !found.has(name)) found.set(name, { name, ...reason(one.kind, one.limit) });
  }
  return [...found.values()].slice(0, MOST);
}

function reason(kind: unknown, limit: unknown): { kind: Kind; limit: number } {
  const limited = LIMITED.find((one) => one === kind);
  if (limited && typeof limit === "number") return { kind: limited, limit };
  return { kind: kind === "missing" ? "missing" : "wrong_form", limit: 0 };
}
