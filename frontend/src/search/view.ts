// What is looked for.
import { useUrlView } from "../app/urlView";

export const SORTS = ["newest", "best"] as const;
export const PAGE_SIZE = 20;

export interface View {
  readonly q: string;
  readonly speaker: string;
  /** Days as YYYY-MM-DD in the time zone of the browser, both included; empty for none. */
  readonly from: string;
  readonly to: string;
  readonly sort: (typeof SORTS)[number];
  readonly page: number;
}

export const useSearchView = () => useUrlView(readView);

export function readView(search: URLSearchParams): View {
  return {
    q: search.get("q") ?? "",
    speaker: search.get("speaker") ?? "",
    from: day(search.get("from")),
    to: day(search.get("to")),
    sort: SORTS.find((one) => one === search.get("sort")) ?? "newest",
    page: Math.max(1, Math.floor(Number(search.get("page"))) || 1),
  };
}

/** The parameters of the request: from the beginning of the first day up to the end of the last. */
export function requestOf(view: View) {
  return { ...filtersOf(view), sort: view.sort, offset: (view.page - 1) * PAGE_SIZE, limit: PAGE_SIZE };
}

/** The words with the filters. */
export function filtersOf(view: View) {
  return {
    q: view.q,
    ...(view.speaker && { speaker: [view.speaker] }),
    ...(view.from && { since: startOf(view.from, 0) }),
    ...(view.to && { until: startOf(view.to, 1) }),
  };
}

function startOf(text: string, daysLater: number): string {
  const date = new Date(`${text}T00:00`);
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}

function day(text: string | null): string {
  return text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00`)) ? text : "";
}
