// Who is signed in, as the server knows him or her.
import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../api/client";

export function whoAmI() {
  return queryOptions({ queryKey: ["me"], queryFn: () => answer(api.GET("/api/auth/me")), staleTime: 60_000 });
}

export function secondFactor() {
  return queryOptions({ queryKey: ["two-factor"], queryFn: () => answer(api.GET("/api/auth/two-factor")) });
}
