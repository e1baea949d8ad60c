// How one gets in here, as the server says to everybody.
import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../api/client";

export function waysIn() {
  return queryOptions({ queryKey: ["ways"], queryFn: () => answer(api.GET("/api/auth/options")), staleTime: 60_000 });
}
