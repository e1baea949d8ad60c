// Queries for the signed-in user.
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

export function currentUser() {
  return queryOptions({ queryKey: ["me"], queryFn: () => unwrap(api.GET("/api/auth/me")), staleTime: 60_000 });
}

export function apiKeys() {
  return queryOptions({ queryKey: ["keys"], queryFn: () => unwrap(api.GET("/api/auth/keys")) });
}

export function twoFactorState() {
  return queryOptions({ queryKey: ["two-factor"], queryFn: () => unwrap(api.GET("/api/auth/two-factor")) });
}
