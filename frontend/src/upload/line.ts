// Uploads wait in a line and go one after the other. The line lives beside the pages: it goes on while one looks elsewhere.
import { refusal, type ApiError } from "../api/client";
import { session } from "../login/session";

export interface Options {
  readonly speakers: string;
  readonly hotwords: string;
  readonly transcriber: string;
  readonly diarizer: string;
}

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly options: Options;
  readonly state: "waiting" | "sending" | "done" | "failed" | "cancelled";
  readonly sent: number;
  readonly error?: ApiError;
  readonly recording?: string;
}

/** Sends one file; resolves with the id of its recording, or throws an ApiError. */
export type Send = (upload: Upload, told: (sent: number) => void, signal: AbortSignal) => Promise<string>;

export class Line {
  private uploads: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private current: AbortController | null = null;
  private last = 0;

  constructor(private readonly send: Send) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.uploads;

  add(files: readonly File[], options: Options) {
    const fresh = files.map((file): Upload => ({ id: (this.last += 1), file, options, state: "waiting", sent: 0 }));
    this.set([...this.uploads, ...fresh]);
    void this.go();
  }

  cancel(id: number) {
    const upload = this.uploads.find((one) => one.id === id);
    if (upload?.state === "sending") this.current?.abort();
    else if (upload?.state === "waiting") this.change(id, { state: "cancelled" });
  }

  retry(id: number) {
    this.change(id, { state: "waiting", sent: 0, error: undefined });
    void this.go();
  }

  /** Take what has ended off the list. */
  clear() {
    this.set(this.uploads.filter((one) => one.state === "waiting" || one.state === "sending"));
  }

  private async go() {
    if (this.current) return;
    for (let next; (next = this.uploads.find((one) => one.state === "waiting")); ) {
      const { id } = next;
      this.current = new AbortController();
      this.change(id, { state: "sending" });
      try {
        const recording = await this.send(next, (sent) => this.change(id, { sent }), this.current.signal);
        this.change(id, { state: "done", sent: next.file.size, recording });
      } catch (error) {
        if (this.current.signal.aborted) this.change(id, { state: "cancelled" });
        else this.change(id, { state: "failed", error: error as ApiError });
      }
      this.current = null;
    }
  }

  private change(id: number, values: Partial<Upload>) {
    this.set(this.uploads.map((one) => (one.id === id ? { ...one, ...values } : one)));
  }

  private set(uploads: readonly Upload[]) {
    this.uploads = uploads;
    this.listeners.forEach((listener) => listener());
  }
}

/** By XMLHttpRequest, which alone tells how much of a body has gone. */
export const overHttp: Send = async (upload, told, signal) => {
  for (;;) {
    const token = session.token();
    const { status, said } = await post(upload, token, told, signal);
    if (status === 201) return (said as { recording: { id: string } }).recording.id;
    const refused = refusal(status, said);
    if (refused.code !== "not_signed_in" || !token) throw refused;
    await session.renewed(token);
  }
};

function post(upload: Upload, token: string | null, told: (sent: number) => void, signal: AbortSignal) {
  return new Promise<{ status: number; said: unknown }>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.options)) if (value) form.append(name, value as string);
    form.append("file", upload.file, upload.file.name);
    request.open("POST", "/api/recordings");
    request.setRequestHeader("Authorization", `Bearer ${token ?? ""}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => told(Math.min(upload.file.size, event.loaded));
    request.onload = () => resolve({ status: request.status, said: request.response });
    request.onerror = () => reject(refusal(0, { code: "offline" }));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

export const line = new Line(overHttp);
