// Saves edited minutes as a new version.
import { api, unwrap } from "../api/client";
import type { Draft } from "./draft";
import type { Minutes } from "./MinutesText";

/** `basedOn` is the version that was edited; the server answers `minutes_changed` if it is not the newest one. */
export function saveMinutes(recordingId: string, basedOn: number, content: Draft): Promise<Minutes> {
  return unwrap(
    api.PUT("/api/recordings/{recording_id}/minutes", {
      params: { path: { recording_id: recordingId } },
      body: { based_on: basedOn, content },
    }),
  );
}
