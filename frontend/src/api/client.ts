// The way to the server: typed by its own description, with the token of the session, patient when that has ended.
import createClient from "openapi-fetch";
import { session } from "../login/session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Recording = Schemas["RecordingOut"];
export type Job = Schemas["JobState"];
export type Account = Schemas["Account"];
export type Role = Schemas["Role"];
export type Version = Schemas["VersionAnswer"];

/** What the server refused, by its code; `facts` is all it said, `wait` the seconds after which to come back. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly facts: Readonly<Record<string, unknown>> = {},
    readonly wait: number | null = null,
  ) {
    super(code);
  }
}

export const api = createClient<paths>({ fetch: authorized });

/** What was answered, or the ApiError. */
export async function answer<Data>(asked: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await asked.catch(offline);
  if (!response.ok) throw refusal(response.status, error, response.headers.get("Retry-After"));
  return data as Data;
}

/** Like fetch, as the person who is signed in. Where the session has ended it waits until it goes on, and asks again. */
export async function authorized(request: Request): Promise<Response> {
  for (;;) {
    const attempt = request.clone();
    const token = session.token();
    if (token) attempt.headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(attempt);
    if (response.status !== 401 || !token) return response;
    const said = (await response.clone().json().catch(() => ({}))) as { code?: string };
    if (said.code !== "not_signed_in") return response;
    await session.renewed(token);
  }
}

/** The bytes at an address, telling the share of them that has come. */
export async function download(path: string | Request, signal: AbortSignal, told: (share: number) => void = () => {}): Promise<Blob> {
  const response = await authorized(new Request(path, { signal })).catch(offline);
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
  const total = Number(response.headers.get("Content-Length"));
  const reader = response.body!.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let come = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    come += value.length;
    if (total) told(come / total);
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "" });
}

export function refusal(status: number, said: unknown, retryAfter: string | null = null): ApiError {
  const facts = typeof said === "object" && said !== null ? (said as Record<string, unknown>) : {};
  return new ApiError(typeof facts.code === "string" ? facts.code : "http_error", status, facts, Number(retryAfter) || null);
}

function offline(error: unknown): never {
  if (error instanceof DOMException || error instanceof ApiError) throw error;
  throw new ApiError("offline", 0);
}
