// The selection of segments for bulk actions.
import { useCallback, useMemo, useState } from "react";
import { idsBetween } from "../document/edit";
import type { Doc } from "../document/types";

export interface SegmentSelection {
  /** Whether the selection mode is on and checkboxes are shown. */
  readonly open: boolean;
  readonly ids: ReadonlySet<string>;
  /** The last selected segment: Shift extends from there. */
  readonly last: string | null;
  begin(): void;
  end(): void;
  toggle(id: string): void;
  /** Selects everything from the last one (or `from`) to this one. */
  upTo(id: string, from?: string | null): void;
  add(ids: readonly string[]): void;
}

const NONE = { open: false, ids: new Set<string>() as ReadonlySet<string>, last: null as string | null };

export function useSelection(doc: Doc): SegmentSelection {
  const [state, setState] = useState(NONE);
  // Deleted segments are no longer selected.
  const ids = useMemo(() => {
    if (state.ids.size === 0) return state.ids;
    return new Set(doc.segments.flatMap((one) => (state.ids.has(one.id) ? [one.id] : [])));
  }, [doc.segments, state.ids]);
  const add = useCallback(
    (more: readonly string[], last: string | null = more.at(-1) ?? null) =>
      setState((before) => ({ open: true, ids: new Set([...before.ids, ...more]), last })),
    [],
  );
  return {
    ...state,
    ids,
    add,
    begin: useCallback(() => setState((before) => ({ ...before, open: true })), []),
    end: useCallback(() => setState(NONE), []),
    toggle: useCallback(
      (id) =>
        setState((before) => {
          const chosen = new Set(before.ids);
          if (!chosen.delete(id)) chosen.add(id);
          return { open: true, ids: chosen, last: id };
        }),
      [],
    ),
    upTo: (id, from = null) => add(idsBetween(doc, state.last ?? from ?? id, id), id),
  };
}
