// The API client: typed by openapi.json, authorized by the session. When the session has ended, requests wait.
import createClient from "openapi-fetch";
import { session } from "../login/session";
import { basePath, pathOf } from "./basePath";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Recording = Schemas["RecordingOut"];
/** What the page of one recording reads. */
export type RecordingDetails = Schemas["RecordingWithNotes"];
export type Job = Schemas["JobState"];
export type Account = Schemas["Account"];
export type Role = Schemas["Role"];
export type Version = Schemas["VersionAnswer"];

/** An error answer of the server. `details` is the whole body, `retryAfter` the seconds of the Retry-After header. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(code);
  }
}

export const api = createClient<paths>({ baseUrl: basePath, fetch: authorizedFetch });

/** The data of an answer; throws an ApiError for an error answer. */
export async function unwrap<Data>(
  request: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await request.catch(offline);
  if (!response.ok) throw toApiError(response.status, error, response.headers.get("Retry-After"));
  return data as Data;
}

/** fetch with the session's token. If the session has ended, it waits until it is renewed and repeats the request. */
export async function authorizedFetch(request: Request): Promise<Response> {
  for (;;) {
    const attempt = request.clone();
    const token = session.token();
    if (token) attempt.headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(attempt);
    if (response.status !== 401 || !token) return response;
    const body = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { code?: string };
    if (body.code !== "not_signed_in") return response;
    await session.renewed(token);
  }
}

/** Downloads the answer of a route, or to a request, and reports the share received, from 0 to 1. */
export async function download(
  from: string | Request,
  signal: AbortSignal,
  onProgress: (share: number) => void = () => {},
): Promise<Blob> {
  const response = await authorizedFetch(new Request(typeof from === "string" ? pathOf(from) : from, { signal })).catch(
    offline,
  );
  if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
  const total = Number(response.headers.get("Content-Length"));
  const reader = response.body!.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    if (total) onProgress(received / total);
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "" });
}

export function toApiError(status: number, body: unknown, retryAfter: string | null = null): ApiError {
  const facts = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  return new ApiError(
    typeof facts.code === "string" ? facts.code : "http_error",
    status,
    facts,
    Number(retryAfter) || null,
  );
}

function offline(error: unknown): never {
  if (error instanceof DOMException || error instanceof ApiError) throw error;
  throw new ApiError("offline", 0);
}
