// The signed-in user's time zone. Until one has been chosen, it is that of the browser.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { currentUser } from "./queries";

export function browserTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function useTimeZoneChoice(options: { silent?: boolean } = {}) {
  return useAction((time_zone: string) => unwrap(api.PUT("/api/auth/me/time-zone", { body: { time_zone } })), {
    ...options,
    invalidates: ["me", "quota", "language-model"],
  });
}

/** Stores the browser's time zone for a user who has none yet. */
export function useTimeZoneDefault(): void {
  const me = useQuery(currentUser()).data;
  const { mutate } = useTimeZoneChoice({ silent: true });
  const missing = me?.time_zone === null;
  useEffect(() => {
    if (missing) mutate(browserTimeZone());
  }, [missing, mutate]);
}
