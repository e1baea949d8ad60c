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
  const response = await fetch(pathOf("/api/auth/refresh"), { method: "POST", headers: CSRF_HEADER }).catch(() => null);
  if (!response?.ok) return null;
  const body = (await response.json().catch(() => ({}))) as { access_token?: string };
  return body.access_token ?? null;
}
