// Filter, sorting and page of the library.
import { useUrlView } from "../app/urlView";

export const STATES = {
  open: ["queued", "running"],
  done: ["done"],
  failed: ["failed"],
  cancelled: ["cancelled"],
} as const;
export const SORTS = ["date", "name", "duration"] as const;
/** The folder of what lies in no folder. */
export const UNFILED = "none";
export const SIZES = [20, 50, 100];

export interface View {
  readonly q: string;
  readonly state: keyof typeof STATES | "";
  /** Ids, separated by commas; a recording has all of them. */
  readonly tag: string;
  /** An id, UNFILED, or empty for all. */
  readonly folder: string;
  readonly sort: (typeof SORTS)[number];
  readonly order: "asc" | "desc";
  readonly page: number;
  readonly size: number;
}

export const useLibraryView = () => useUrlView(read);

export const tagsOf = (view: View): string[] => view.tag.split(",").filter(Boolean);

/** Whether the view leaves out any recording. */
export const isFiltered = (view: View): boolean => Boolean(view.q || view.state || view.tag || view.folder);

function read(search: URLSearchParams): View {
  const state = search.get("state") ?? "";
  return {
    q: search.get("q") ?? "",
    state: state in STATES ? (state as keyof typeof STATES) : "",
    tag: search.get("tag") ?? "",
    folder: search.get("folder") ?? "",
    sort: SORTS.find((one) => one === search.get("sort")) ?? "date",
    order: search.get("order") === "asc" ? "asc" : "desc",
    page: Math.max(1, Number(search.get("page")) || 1),
    size: SIZES.find((one) => one === Number(search.get("size"))) ?? 20,
  };
}
