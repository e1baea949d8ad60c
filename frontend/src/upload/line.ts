// The one line of this page, and whose it is.
import { useEffect } from "react";
import { Line, type Meeting } from "./meetings";
import { remember, remembered } from "./memory";
import { dropTake } from "./takes";
import { way } from "./way";

let user: string | null = null;
let saved = "";

export const line = new Line({
  ...way,
  remember(meetings) {
    // Progress is asked of the server after a reload; only what else changes is worth writing.
    const facts = JSON.stringify(meetings.map((one) => [one.id, one.state, one.parts.map((part) => [part.upload, part.sent === part.size])]));
    if (!user || facts === saved) return;
    saved = facts;
    remember(user, meetings);
  },
  made: (meeting: Meeting) => void (meeting.take && dropTake(meeting.take)),
});

/** The line of who is signed in, as long as somebody is. */
export function useMyLine(id: string | undefined) {
  useEffect(() => {
    if (id) lineOf(id);
    return () => lineOf(null);
  }, [id]);
}

function lineOf(id: string | null) {
  if (user === id) return;
  if (user) line.forget();
  user = id;
  saved = "";
  if (!id) return;
  const before = remembered(id);
  line.restore(before);
  for (const meeting of before) {
    // All of it has arrived: nothing is missing but the recording.
    if (meeting.state === "lost" && meeting.parts.every((part) => part.upload && part.sent === part.size)) line.resume(meeting.id);
  }
}
