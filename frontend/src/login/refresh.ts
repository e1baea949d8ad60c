// Gets a new access token with the HttpOnly refresh cookie.
import { pathOf } from "../api/basePath";

/** Other sites cannot send this header, so it protects the refresh route against CSRF. */
export const CSRF_HEADER = { "X-Requested-With": "meeting-asr" };

let pending: Promise<string | null> | null = null;

/** The next token, or null if nobody is signed in. Concurrent calls share one request. */
export function refreshToken(): Promise<string | null> {
  pending ??= requestToken().finally(() => (pending = null));
  return pending;
}

async function requestToken(): Promise<string | null> {
  // Another window may have refreshed first and set the next cookie, so try again.
  for (let tries = 0; tries < 3; tries += 1) {
    const response = await fetch(pathOf("/api/auth/refresh"), { method: "POST", headers: CSRF_HEADER }).catch(
      () => null,
    );
    if (!response) return null;
    const body = (await response.json().catch(() => ({}))) as { access_token?: string; code?: string };
    if (response.ok) return body.access_token ?? null;
    if (body.code !== "renewed_elsewhere") return null;
  }
  return null;
}
