// Finds the rows of segments in the DOM.

export function rowOf(list: HTMLElement | null, segment: string): HTMLElement | null {
  return list?.querySelector<HTMLElement>(`[data-segment="${CSS.escape(segment)}"]`) ?? null;
}

/** All rows by segment id. */
export function rowsOf(list: HTMLElement | null): Map<string, HTMLElement> {
  return new Map(
    [...(list?.querySelectorAll<HTMLElement>("[data-segment]") ?? [])].map((row) => [row.dataset.segment!, row]),
  );
}

export function wordsOf(row: HTMLElement | null | undefined): HTMLElement | null {
  return row?.querySelector<HTMLElement>(".words") ?? null;
}

export function segmentIdOf(element: Element | null): string | null {
  return element?.closest<HTMLElement>("[data-segment]")?.dataset.segment ?? null;
}

/** The row that has the focus. */
export function focusedRow(): { id: string; element: HTMLElement; words: HTMLElement } | null {
  const words = document.activeElement;
  const element = words?.closest<HTMLElement>("[data-segment]");
  return words instanceof HTMLElement && words.classList.contains("words") && element
    ? { id: element.dataset.segment!, element, words }
    : null;
}
