// The way to the server: tus for the bytes, so that what has arrived stays arrived, and one request that makes the recording.
import { DetailedError, Upload as Tus } from "tus-js-client";
import { answer, api, ApiError, authorized, refusal } from "../api/client";
import { session } from "../login/session";
import type { Meeting, Part, Way } from "./meetings";

/** Some proxies refuse more than 100 MB in one request. */
const SLICE = 32 * 1024 ** 2;

export const way: Omit<Way, "remember" | "made"> = {
  async open(part) {
    const headers = { "Tus-Resumable": "1.0.0", "Upload-Length": String(part.size), "Upload-Metadata": `filename ${base64(part.name)}` };
    const response = await authorized(new Request("/api/uploads", { method: "POST", headers })).catch(() => {
      throw new ApiError("offline", 0);
    });
    if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
    return response.headers.get("Location")!.split("/").at(-1)!;
  },

  async push(part, told, signal) {
    for (;;) {
      const token = session.token();
      try {
        return await pushed(part, token, told, signal);
      } catch (error) {
        const refused = refusalOf(error);
        if (refused.code !== "not_signed_in" || !token) throw refused;
        await session.renewed(token);
      }
    }
  },

  async make(meeting) {
    const { speakers, hotwords, transcriber, diarizer, polish, minutes } = meeting.options;
    const made = await answer(
      api.POST("/api/recordings/from-uploads", {
        params: { header: { "idempotency-key": meeting.anyway ? `${meeting.id}-anyway` : meeting.id } },
        body: {
          uploads: meeting.parts.map((part) => part.upload!),
          name: meeting.name,
          speakers: speakers || null,
          hotwords: [...hotwords],
          transcriber: transcriber || null,
          diarizer: diarizer || null,
          polish,
          minutes: minutes || null,
          allow_duplicate: meeting.anyway,
        },
      }),
    );
    return made.recording.id;
  },

  async drop(upload) {
    await authorized(new Request(`/api/uploads/${upload}`, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }));
  },

  rest: (error, signal) =>
    new Promise((go, stop) => {
      const timer = setTimeout(end, error.code === "offline" ? 2_000 : 10_000);
      addEventListener("online", end, { once: true });
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        stop(signal.reason as Error);
      });
      function end() {
        clearTimeout(timer);
        removeEventListener("online", end);
        go();
      }
    }),
};

/** Without an endpoint it asks where to go on, and never begins anew by itself. */
function pushed(part: Part, token: string | null, told: (sent: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const tus = new Tus(part.file!, {
      uploadUrl: `${location.origin}/api/uploads/${part.upload}`,
      headers: { Authorization: `Bearer ${token ?? ""}` },
      chunkSize: SLICE,
      retryDelays: null as unknown as number[],
      storeFingerprintForResuming: false,
      onProgress: (sent) => told(sent),
      onSuccess: () => done(),
      onError: fail,
    });
    signal.throwIfAborted();
    signal.addEventListener("abort", () => void tus.abort().finally(() => fail(signal.reason as Error)));
    tus.start();
  });
}

function refusalOf(error: unknown): ApiError {
  if (!(error instanceof DetailedError)) throw error;
  const response = error.originalResponse;
  if (!response) return new ApiError("offline", 0);
  const status = response.getStatus();
  if (status === 0) return new ApiError("offline", 0);
  // A HEAD has no body to say why.
  const codes: Record<number, string> = { 401: "not_signed_in", 404: "upload_not_found", 423: "upload_busy" };
  let said: unknown;
  try {
    said = JSON.parse(response.getBody());
  } catch {
    said = status in codes ? { code: codes[status] } : undefined;
  }
  return refusal(status, said);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The bytes of a meeting, and how many of them have gone. */
export function bytesOf(meeting: Meeting): { sent: number; size: number } {
  return { sent: sum(meeting.parts.map((part) => part.sent)), size: sum(meeting.parts.map((part) => part.size)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
