// How many people wait for an admin's approval.
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

export function usePendingUsers(enabled = true) {
  return useQuery({
    queryKey: ["users", "waiting"],
    queryFn: () => unwrap(api.GET("/api/admin/users", { params: { query: { pending: true, limit: 1 } } })),
    refetchInterval: 30_000,
    enabled,
  });
}
