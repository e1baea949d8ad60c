// The upload queue of this page and the user it belongs to.
import { useEffect } from "react";
import { deleteLocalRecording, fileOf, type LocalRecording, recordingName } from "./localRecordings";
import { loadQueue, saveQueue } from "./queueStorage";
import { transport } from "./transport";
import { type Meeting, type Options, UploadQueue } from "./uploadQueue";

/** How long a finished upload stays in the list; its row in the library says the rest. */
const DONE_SHOWN_MS = 8_000;

/** The uploads that have become recordings; the server's list may still be an older one. */
export const usedUploads = new Set<string>();

let user: string | null = null;
let saved = "";

export const uploadQueue = new UploadQueue({
  ...transport,
  saveQueue(meetings) {
    // After a reload the server reports the progress, so only other changes are stored.
    const facts = JSON.stringify(
      meetings.map((one) => [one.id, one.state, one.parts.map((part) => [part.upload, part.sent === part.size])]),
    );
    if (!user || facts === saved) return;
    saved = facts;
    saveQueue(user, meetings);
  },
  onCreated(meeting: Meeting) {
    for (const { upload } of meeting.parts) if (upload) usedUploads.add(upload);
    if (meeting.take) void deleteLocalRecording(meeting.take);
    setTimeout(() => uploadQueue.discard(meeting.id), DONE_SHOWN_MS);
  },
});

/** Uploads what was recorded in this browser, with its name and notes. */
export async function uploadLocalRecording(recording: LocalRecording, options: Options) {
  const file = await fileOf(recording);
  uploadQueue.add({
    name: recordingName(recording),
    files: [file],
    options,
    take: recording.id,
    notes: recording.notes,
  });
}

/** Binds the upload queue to the signed-in user. */
export function useUploadQueue(id: string | undefined) {
  useEffect(() => {
    if (id) setUser(id);
    return () => setUser(null);
  }, [id]);
}

function setUser(id: string | null) {
  if (user === id) return;
  if (user) uploadQueue.reset();
  user = id;
  saved = "";
  if (!id) return;
  const before = loadQueue(id);
  uploadQueue.restore(before);
  for (const meeting of before) {
    // Everything is uploaded: only the recording has to be created.
    if (meeting.state === "lost" && meeting.parts.every((part) => part.upload && part.sent === part.size))
      uploadQueue.resume(meeting.id);
  }
}
