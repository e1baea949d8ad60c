// Stores the upload queue in localStorage per user, so that it can be resumed after a reload.
import type { Meeting } from "./uploadQueue";

const KEY = (user: string) => `uploads:${user}`;

export function saveQueue(user: string, meetings: readonly Meeting[]) {
  const open = meetings.filter((one) => one.state !== "done");
  const stored = open.map((meeting) => ({
    ...meeting,
    error: undefined,
    parts: meeting.parts.map((part) => ({ ...part, file: null })),
  }));
  try {
    if (stored.length > 0) localStorage.setItem(KEY(user), JSON.stringify(stored));
    else localStorage.removeItem(KEY(user));
  } catch {
    // Without localStorage the server still lists the partial uploads.
  }
}

/** The stored entries. They wait for their files, or, if fully uploaded, for the recording to be created. */
export function loadQueue(user: string): Meeting[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY(user)) ?? "[]") as Meeting[];
    return stored.map((meeting) => ({ ...meeting, state: meeting.state === "duplicate" ? "failed" : "lost" }));
  } catch {
    return [];
  }
}
