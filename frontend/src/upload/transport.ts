// The transport of the upload queue: tus for resumable uploads, and one request that creates the recording.

import { DetailedError, Upload as Tus } from "tus-js-client";
import { pathOf } from "../api/basePath";
import { ApiError, api, authorizedFetch, toApiError, unwrap } from "../api/client";
import { onlineOrAfter } from "../app/online";
import { session } from "../login/session";
import type { Meeting, Part, UploadTransport } from "./uploadQueue";

/** Some proxies refuse requests over 100 MB. */
const CHUNK_SIZE = 32 * 1024 ** 2;

export const transport: Omit<UploadTransport, "saveQueue" | "onCreated"> = {
  async createUpload(part) {
    const headers = {
      "Tus-Resumable": "1.0.0",
      "Upload-Length": String(part.size),
      "Upload-Metadata": `filename ${base64(part.name)}`,
    };
    const response = await authorizedFetch(new Request(pathOf("/api/uploads"), { method: "POST", headers })).catch(
      () => {
        throw new ApiError("offline", 0);
      },
    );
    if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
    return response.headers.get("Location")!.split("/").at(-1)!;
  },

  async sendPart(part, onProgress, signal) {
    for (;;) {
      const token = session.token();
      try {
        return await sendWithTus(part, token, onProgress, signal);
      } catch (error) {
        const refused = apiErrorOf(error);
        if (refused.code !== "not_signed_in" || !token) throw refused;
        await session.renewed(token);
      }
    }
  },

  async createRecording(meeting) {
    const { speakers, hotwords, language, transcriber, diarizer, polish, minutes } = meeting.options;
    const created = await unwrap(
      api.POST("/api/recordings/from-uploads", {
        params: { header: { "idempotency-key": meeting.anyway ? `${meeting.id}-anyway` : meeting.id } },
        body: {
          uploads: meeting.parts.map((part) => part.upload!),
          name: meeting.name,
          speakers: speakers || null,
          language: language ?? "auto",
          hotwords: [...hotwords],
          transcriber: transcriber || null,
          diarizer: diarizer || null,
          polish,
          minutes: minutes || null,
          notes: [...(meeting.notes ?? [])],
          allow_duplicate: meeting.anyway,
        },
      }),
    );
    return created.recording.id;
  },

  async deleteUpload(upload) {
    await authorizedFetch(
      new Request(pathOf(`/api/uploads/${upload}`), { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }),
    );
  },

  waitForRetry: (error, signal) => onlineOrAfter(error.code === "offline" ? 2_000 : 10_000, signal),
};

/** Without an endpoint tus asks for the offset and never starts a new upload by itself. */
function sendWithTus(
  part: Part,
  token: string | null,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((done, fail) => {
    const tus = new Tus(part.file!, {
      uploadUrl: `${location.origin}${pathOf(`/api/uploads/${part.upload}`)}`,
      headers: { Authorization: `Bearer ${token ?? ""}` },
      chunkSize: CHUNK_SIZE,
      retryDelays: null as unknown as number[],
      storeFingerprintForResuming: false,
      onProgress: (sent) => onProgress(sent),
      onSuccess: () => done(),
      onError: fail,
    });
    signal.throwIfAborted();
    signal.addEventListener("abort", () => void tus.abort().finally(() => fail(signal.reason as Error)));
    tus.start();
  });
}

function apiErrorOf(error: unknown): ApiError {
  if (!(error instanceof DetailedError)) throw error;
  const response = error.originalResponse;
  if (!response) return new ApiError("offline", 0);
  const status = response.getStatus();
  if (status === 0) return new ApiError("offline", 0);
  // The answer to HEAD has no body with a code.
  const codes: Record<number, string> = { 401: "not_signed_in", 404: "upload_not_found", 423: "upload_busy" };
  let body: unknown;
  try {
    body = JSON.parse(response.getBody());
  } catch {
    body = status in codes ? { code: codes[status] } : undefined;
  }
  return toApiError(status, body);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The sent and total bytes of a meeting. */
export function bytesOf(meeting: Meeting): { sent: number; size: number } {
  return { sent: sum(meeting.parts.map((part) => part.sent)), size: sum(meeting.parts.map((part) => part.size)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
