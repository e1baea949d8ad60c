// Filter, sorting and page of the library, stored in the URL so that a reload or link shows the same.
import { useSearchParams } from "react-router";

export const STATES = {
  open: ["queued", "running"],
  done: ["done"],
  failed: ["failed"],
  cancelled: ["cancelled"],
} as const;
export const SORTS = ["date", "name", "duration"] as const;
export const SIZES = [20, 50, 100];

export interface View {
  readonly q: string;
  readonly state: keyof typeof STATES | "";
  readonly sort: (typeof SORTS)[number];
  readonly order: "asc" | "desc";
  readonly page: number;
  readonly size: number;
}

export function useLibraryView(): [View, (changes: Partial<View>) => void] {
  const [search, setSearch] = useSearchParams();
  const view = read(search);
  return [
    view,
    (changes) =>
      setSearch(
        (before) => {
          const next = { ...read(before), page: 1, ...changes };
          const defaults = read(new URLSearchParams());
          const changed = Object.entries(next).filter(([name, value]) => value !== defaults[name as keyof View]);
          return new URLSearchParams(changed.map(([name, value]) => [name, String(value)]));
        },
        { replace: true },
      ),
  ];
}

function read(search: URLSearchParams): View {
  const state = search.get("state") ?? "";
  return {
    q: search.get("q") ?? "",
    state: state in STATES ? (state as keyof typeof STATES) : "",
    sort: SORTS.find((one) => one === search.get("sort")) ?? "date",
    order: search.get("order") === "asc" ? "asc" : "desc",
    page: Math.max(1, Number(search.get("page")) || 1),
    size: SIZES.find((one) => one === Number(search.get("size"))) ?? 20,
  };
}
