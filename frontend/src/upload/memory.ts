// What is on its way, remembered in this browser for whoever is signed in: after a reload it is known what is missing.
import type { Meeting } from "./meetings";

const KEY = (user: string) => `uploads:${user}`;

export function remember(user: string, meetings: readonly Meeting[]) {
  const open = meetings.filter((one) => one.state !== "done");
  const kept = open.map((meeting) => ({ ...meeting, error: undefined, parts: meeting.parts.map((part) => ({ ...part, file: null })) }));
  try {
    if (kept.length > 0) localStorage.setItem(KEY(user), JSON.stringify(kept));
    else localStorage.removeItem(KEY(user));
  } catch {
    // Where the browser keeps nothing, the server still does: what has arrived is listed by it.
  }
}

/** They wait for their files; where all has arrived, only for the recording to be made. */
export function remembered(user: string): Meeting[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY(user)) ?? "[]") as Meeting[];
    return kept.map((meeting) => ({ ...meeting, state: meeting.state === "duplicate" ? "failed" : "lost" }));
  } catch {
    return [];
  }
}
