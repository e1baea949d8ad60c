// An audio element shows a cookie that lives as long as the token; both are renewed together.
import { authorized, refusal } from "../api/client";
import { refreshed } from "../login/refresh";
import { session } from "../login/session";

/** Renew the cookie, then look whether the media is there at all; throws what the server says. */
export async function renewMedia(address: string): Promise<void> {
  const token = await refreshed();
  if (token && session.token()) session.begin(token);
  const range = { Range: "bytes=0-1" };
  const response = await authorized(new Request(address, { headers: range }));
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
  await response.body?.cancel();
}
