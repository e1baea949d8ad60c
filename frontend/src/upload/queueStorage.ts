// Stores the upload queue in localStorage per user, so that it can be resumed after a reload.
import { ApiError } from "../api/client";
import type { Meeting } from "./uploadQueue";

const KEY = (user: string) => `uploads:${user}`;

export function saveQueue(user: string, meetings: readonly Meeting[]) {
  const open = meetings.filter((one) => one.state !== "done");
  const stored = open.map((meeting) => ({
    ...meeting,
    error: answered(meeting) && {
      code: meeting.error!.code,
      status: meeting.error!.status,
      details: meeting.error!.details,
    },
    parts: meeting.parts.map((part) => ({ ...part, file: null })),
  }));
  try {
    if (stored.length > 0) localStorage.setItem(KEY(user), JSON.stringify(stored));
    else localStorage.removeItem(KEY(user));
  } catch {
    // Without localStorage the server still lists the partial uploads.
  }
}

/** The stored entries. What the server has answered stays: a duplicate is asked about again, and a failure is shown and not
 *  repeated. The others wait for their files, or, if fully uploaded, for the recording to be created. */
export function loadQueue(user: string): Meeting[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY(user)) ?? "[]") as Meeting[];
    return stored.map(({ error, ...meeting }) =>
      error && answered(meeting)
        ? { ...meeting, error: new ApiError(error.code, error.status, error.details) }
        : { ...meeting, state: "lost" },
    );
  } catch {
    return [];
  }
}

/** All is uploaded, and the server has refused to make a recording of it. */
function answered(meeting: Meeting): boolean {
  return (
    (meeting.state === "duplicate" || meeting.state === "failed") &&
    meeting.parts.every((part) => part.upload && part.sent === part.size)
  );
}
