// The upload queue. Each entry is a meeting: one or more files that become one recording. Entries are uploaded one after
// the other and continue after network errors; what is needed to resume them survives a reload (see queueStorage.ts).
import type { ApiError } from "../api/client";
import type { RecordingNote } from "./localRecordings";

export interface Options {
  readonly speakers: string;
  readonly hotwords: readonly string[];
  /** A code such as zh; missing in entries that older versions stored. */
  readonly language?: string;
  readonly transcriber: string;
  readonly diarizer: string;
  readonly polish: boolean;
  readonly minutes: string;
}

export interface Part {
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  /** null after a reload, until the user has chosen the file again. */
  readonly file: File | null;
  /** The id of the upload on the server, once created. */
  readonly upload: string | null;
  readonly sent: number;
}

export type State = "waiting" | "sending" | "paused" | "making" | "held" | "done" | "failed" | "duplicate" | "lost";

export interface Meeting {
  /** Also the Idempotency-Key, so that the recording is created only once. */
  readonly id: string;
  readonly name: string | null;
  readonly parts: readonly Part[];
  readonly options: Options;
  readonly state: State;
  readonly error?: ApiError;
  readonly recording?: string;
  readonly anyway: boolean;
  /** The id of the local recording it uploads. The name `take` is stored in browsers. */
  readonly take?: string;
  /** Made while it was recorded. */
  readonly notes?: readonly RecordingNote[];
}

/** What the queue needs from its environment. All methods throw ApiErrors. */
export interface UploadTransport {
  /** Creates an upload on the server; resolves to its id. */
  createUpload(part: Part): Promise<string>;
  /** Sends the missing bytes and reports how many are sent. */
  sendPart(part: Part, onProgress: (sent: number) => void, signal: AbortSignal): Promise<void>;
  /** Creates the recording; resolves to its id. */
  createRecording(meeting: Meeting): Promise<string>;
  /** Deletes an upload on the server. */
  deleteUpload(upload: string): Promise<void>;
  /** Resolves when it is time to retry. */
  waitForRetry(error: ApiError, signal: AbortSignal): Promise<void>;
  saveQueue(meetings: readonly Meeting[]): void;
  onCreated(meeting: Meeting): void;
}

/** Errors worth retrying: network, full disk, full queue. */
const TRANSIENT = new Set([
  "offline",
  "queue_full",
  "quota_jobs",
  "disk_full",
  "busy",
  "decoder_killed",
  "decoder_broken",
  "too_many_requests",
  "upload_stalled",
  "upload_busy",
  "upload_interrupted",
  "wrong_offset",
  "too_slow",
]);
const NOT_ACTIVE: readonly State[] = ["done", "failed", "duplicate", "lost", "paused"];

export class UploadQueue {
  private meetings: readonly Meeting[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly controllers = new Map<string, AbortController>();
  private running = false;

  constructor(private readonly transport: UploadTransport) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.meetings;

  /** Restores the entries after a reload; their files must be chosen again. */
  restore(meetings: readonly Meeting[]) {
    this.set(meetings);
  }

  add(meeting: Pick<Meeting, "name" | "options" | "take" | "notes"> & { readonly files: readonly File[] }) {
    const known = this.meetings.find((one) => one.state === "lost" && matchesMissing(one, meeting.files));
    if (known) return void this.attachFiles(known.id, meeting.files);
    const { name, options, take, notes, files } = meeting;
    const fresh: Meeting = {
      id: crypto.randomUUID(),
      name,
      options,
      take,
      notes,
      state: "waiting",
      anyway: false,
      parts: files.map(partOf),
    };
    this.set([...this.meetings, fresh]);
    void this.run();
  }

  /** Continues an upload started elsewhere; `file` is needed if bytes are missing. False if the file does not match. */
  adopt(
    upload: { id: string; name: string; size: number; received: number },
    options: Options,
    file: File | null,
  ): boolean {
    if (file ? file.name !== upload.name || file.size !== upload.size : upload.received !== upload.size) return false;
    const part: Part = {
      name: upload.name,
      size: upload.size,
      modified: file?.lastModified ?? 0,
      file,
      upload: upload.id,
      sent: upload.received,
    };
    this.set([
      ...this.meetings,
      { id: crypto.randomUUID(), name: null, parts: [part], options, state: "waiting", anyway: false },
    ]);
    void this.run();
    return true;
  }

  /** Attaches files chosen again after a reload, in any order; false if one is missing. */
  attachFiles(id: string, files: readonly File[]): boolean {
    const meeting = this.meetings.find((one) => one.id === id);
    if (!meeting || !matchesMissing(meeting, files)) return false;
    const parts = meeting.parts.map((part) => ({
      ...part,
      file: files.find((file) => isSameFile(part, file)) ?? part.file,
    }));
    this.change(id, { parts, state: "waiting", error: undefined });
    void this.run();
    return true;
  }

  pause(id: string) {
    this.change(id, { state: "paused" });
    this.controllers.get(id)?.abort();
  }

  /** Continues a paused or failed entry; `anyway` also if the same content already exists. */
  resume(id: string, anyway = false) {
    this.change(id, { state: "waiting", error: undefined, ...(anyway && { anyway }) });
    void this.run();
  }

  /** Removes an entry and its uploads on the server. */
  discard(id: string) {
    const meeting = this.meetings.find((one) => one.id === id);
    this.controllers.get(id)?.abort();
    this.set(this.meetings.filter((one) => one.id !== id));
    if (meeting && meeting.state !== "done") {
      for (const { upload } of meeting.parts) if (upload) void this.transport.deleteUpload(upload).catch(() => {});
    }
  }

  /** Removes finished entries from the list. */
  clear() {
    this.set(this.meetings.filter((one) => one.state !== "done"));
  }

  /** Stops and clears everything, because another user signs in. */
  reset() {
    this.controllers.forEach((stop) => stop.abort());
    this.meetings = [];
    this.listeners.forEach((listener) => listener());
  }

  private async run() {
    if (this.running) return;
    this.running = true;
    const next = () => this.meetings.find((one) => one.state === "waiting");
    for (let meeting = next(); meeting; meeting = next()) await this.send(meeting.id);
    this.running = false;
  }

  private async send(id: string) {
    const stop = new AbortController();
    this.controllers.set(id, stop);
    try {
      const recording = await this.upload(id, stop.signal);
      const meeting = this.change(id, { state: "done", recording, error: undefined });
      if (meeting) this.transport.onCreated(meeting);
    } catch (error) {
      if (stop.signal.aborted) return;
      const refused = error as ApiError;
      const state =
        refused.code === "duplicate_recording" ? "duplicate" : refused.code === "upload_not_found" ? "lost" : "failed";
      this.change(id, { state, error: refused });
    } finally {
      this.controllers.delete(id);
    }
  }

  /** Uploads all parts, then creates the recording. Waits out transient errors without sending anything twice. */
  private async upload(id: string, signal: AbortSignal): Promise<string> {
    for (;;) {
      try {
        for (let index = 0; index < this.of(id).parts.length; index += 1) await this.uploadPart(id, index, signal);
        signal.throwIfAborted();
        this.change(id, { state: "making", error: undefined });
        return await this.transport.createRecording(this.of(id));
      } catch (error) {
        const refused = error as ApiError;
        if (signal.aborted || !(TRANSIENT.has(refused.code) || refused.status >= 502)) {
          if (refused.code !== "upload_not_found") throw error;
          // The upload has expired on the server: send it again.
          this.resetParts(id);
          if (this.of(id).parts.some((part) => !part.file)) throw error;
          continue;
        }
        this.change(id, { state: "held", error: refused });
        await this.transport.waitForRetry(refused, signal);
      }
    }
  }

  private async uploadPart(id: string, index: number, signal: AbortSignal) {
    signal.throwIfAborted();
    const part = this.of(id).parts[index]!;
    if (part.upload && part.sent === part.size) return;
    this.change(id, { state: "sending", error: undefined });
    const upload = part.upload ?? (await this.transport.createUpload(part));
    this.part(id, index, { upload });
    // Sent bytes may not have arrived: the last byte counts only once the server has confirmed it.
    await this.transport.sendPart(
      { ...part, upload },
      (sent) => this.part(id, index, { sent: Math.min(sent, part.size - 1) }),
      signal,
    );
    this.part(id, index, { sent: part.size });
  }

  private resetParts(id: string) {
    this.change(id, { parts: this.of(id).parts.map((part) => ({ ...part, upload: null, sent: 0 })) });
  }

  private of(id: string): Meeting {
    const meeting = this.meetings.find((one) => one.id === id);
    if (!meeting) throw new DOMException("discarded", "AbortError");
    return meeting;
  }

  private part(id: string, index: number, values: Partial<Part>) {
    const meeting = this.meetings.find((one) => one.id === id);
    if (meeting)
      this.change(id, { parts: meeting.parts.map((part, at) => (at === index ? { ...part, ...values } : part)) });
  }

  private change(id: string, values: Partial<Meeting>): Meeting | undefined {
    this.set(this.meetings.map((one) => (one.id === id ? { ...one, ...values } : one)));
    return this.meetings.find((one) => one.id === id);
  }

  private set(meetings: readonly Meeting[]) {
    this.meetings = meetings;
    this.transport.saveQueue(meetings);
    this.listeners.forEach((listener) => listener());
  }
}

export function isActive(meeting: Meeting): boolean {
  return !NOT_ACTIVE.includes(meeting.state);
}

function partOf(file: File): Part {
  return { name: file.name, size: file.size, modified: file.lastModified, file, upload: null, sent: 0 };
}

function isSameFile(part: Part, file: File): boolean {
  return part.name === file.name && part.size === file.size && part.modified === file.lastModified;
}

/** Whether these are exactly the files the meeting still needs. */
function matchesMissing(meeting: Meeting, files: readonly File[]): boolean {
  const missing = meeting.parts.filter((part) => !part.file && !(part.upload && part.sent === part.size));
  return (
    missing.length > 0 &&
    missing.every((part) => files.some((file) => isSameFile(part, file))) &&
    files.every((file) => meeting.parts.some((part) => isSameFile(part, file)))
  );
}
