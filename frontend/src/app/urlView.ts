// What a page shows, stored in the URL so that a reload or link shows the same. Defaults are left out.
import { useSearchParams } from "react-router";

type Read<View> = (search: URLSearchParams) => View;

/** The view, and a function that changes parts of it: back on page 1, unless the page is what changes. */
export function useUrlView<View extends { readonly page: number }>(
  read: Read<View>,
): [View, (changes: Partial<View>) => void] {
  const [search, setSearch] = useSearchParams();
  return [
    read(search),
    (changes) => setSearch((before) => writeView({ ...read(before), page: 1, ...changes }, read), { replace: true }),
  ];
}

export function writeView<View extends object>(view: View, read: Read<View>): URLSearchParams {
  const defaults = read(new URLSearchParams());
  const changed = Object.entries(view).filter(([name, value]) => value !== defaults[name as keyof View]);
  return new URLSearchParams(changed.map(([name, value]) => [name, String(value)]));
}
