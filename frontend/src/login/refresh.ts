// A new token without asking anybody: the login's own cookie brings it, and no script ever sees that cookie.

/** Proves to the server that a page of ours asks: no foreign page can send it unasked. */
export const OURS = { "X-Requested-With": "meeting-asr" };

let underWay: Promise<string | null> | null = null;

/** The next token, or null where nobody is signed in. However many ask at once, the cookie is used once. */
export function refreshed(): Promise<string | null> {
  underWay ??= ask().finally(() => (underWay = null));
  return underWay;
}

async function ask(): Promise<string | null> {
  // Another window may have been faster; it has brought the next cookie, so one more try finds it.
  for (let tries = 0; tries < 3; tries += 1) {
    const response = await fetch("/api/auth/refresh", { method: "POST", headers: OURS }).catch(() => null);
    if (!response) return null;
    const said = (await response.json().catch(() => ({}))) as { access_token?: string; code?: string };
    if (response.ok) return said.access_token ?? null;
    if (said.code !== "renewed_elsewhere") return null;
  }
  return null;
}
