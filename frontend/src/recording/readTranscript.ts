// Reads versions of a transcript from the server.
import { api, type Schemas, unwrap } from "../api/client";
import { rebaseHistory, serializeHistory } from "../document/storedHistory";
import { loadHistory, saveHistory } from "./historyStorage";

export type Loaded = Schemas["TranscriptAnswer"];

/** A version from the server, by default the newest. */
export async function readTranscript(recordingId: string, version?: number): Promise<Loaded> {
  const params = { path: { recording_id: recordingId }, query: { version } };
  // openapi-fetch loses the tuple type of a word.
  return (await unwrap(api.GET("/api/recordings/{recording_id}/transcript", { params }))) as Loaded;
}

/** The newest version, or an older one if this browser has unsaved changes based on it. */
export async function loadTranscript(recordingId: string, user: string): Promise<Loaded> {
  const newest = await readTranscript(recordingId);
  const record = loadHistory(user, recordingId);
  if (!record?.unsaved || record.version >= newest.number) return newest;
  try {
    return await readTranscript(recordingId, record.version);
  } catch {
    // That version was replaced, because the saves of one editing session are one version. Keep its number, so that
    // saving is refused and both sides' changes are merged.
    const found = rebaseHistory(newest.document, record.history);
    const history = found && serializeHistory(found.base, found.history);
    if (!history || found.history.past.length === 0) return newest;
    saveHistory(user, recordingId, { version: record.version, unsaved: true, history });
    return { ...newest, document: found.base as Loaded["document"], number: record.version };
  }
}
