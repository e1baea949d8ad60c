// How a user wants the table of recordings: which columns, and how dense. Kept in this browser for each user.
import { useState } from "react";

export const COLUMNS = ["state", "speakers", "duration", "date"] as const;
export const DENSITIES = ["large", "medium", "small"] as const;
export type Column = (typeof COLUMNS)[number];

export interface TableLook {
  readonly hidden: readonly Column[];
  readonly density: (typeof DENSITIES)[number];
}

const KEY_PREFIX = "meeting-asr.library-table.";
const PLAIN: TableLook = { hidden: [], density: "large" };

/** What is stored, as far as it can be read. */
export function readLook(text: string | null): TableLook {
  try {
    const found = JSON.parse(text ?? "null") as { hidden?: unknown; density?: unknown } | null;
    const hidden: readonly unknown[] = Array.isArray(found?.hidden) ? found.hidden : [];
    return {
      hidden: COLUMNS.filter((one) => hidden.includes(one)),
      density: DENSITIES.find((one) => one === found?.density) ?? PLAIN.density,
    };
  } catch {
    return PLAIN;
  }
}

/** The look of the table for this user, and how to change it. */
export function useTableLook(user: string | undefined): [TableLook, (changes: Partial<TableLook>) => void] {
  const key = `${KEY_PREFIX}${user}`;
  const [changed, setChanged] = useState<readonly [key: string, look: TableLook] | null>(null);
  const look = changed?.[0] === key ? changed[1] : readLook(user ? localStorage.getItem(key) : null);
  return [
    look,
    (changes) => {
      const next = { ...look, ...changes };
      setChanged([key, next]);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Storage is full: the choice holds until the page is left.
      }
    },
  ];
}
