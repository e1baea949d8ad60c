// Audio elements authenticate with a cookie that expires with the token; both are renewed together.
import { authorizedFetch, toApiError } from "../api/client";
import { refreshToken } from "../login/refresh";
import { session } from "../login/session";

/** Renews the cookie, then checks that the media exists; throws the server's error. */
export async function renewMedia(address: string): Promise<void> {
  const token = await refreshToken();
  if (token && session.token()) session.begin(token);
  const range = { Range: "bytes=0-1" };
  const response = await authorizedFetch(new Request(address, { headers: range }));
  if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
  await response.body?.cancel();
}
