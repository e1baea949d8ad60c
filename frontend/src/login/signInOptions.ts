// The sign-in options of this server: registration mode and Google client id.
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

export function signInOptions() {
  return queryOptions({
    queryKey: ["sign-in-options"],
    queryFn: () => unwrap(api.GET("/api/auth/options")),
    staleTime: 60_000,
  });
}
