// Meetings on their way to the server: files that become one recording each, one after the other, whatever happens to the way.
// They live beside the pages, and what is needed to go on with them outlives a reload (see memory.ts).
import type { ApiError } from "../api/client";

export interface Options {
  readonly speakers: string;
  readonly hotwords: readonly string[];
  readonly transcriber: string;
  readonly diarizer: string;
  readonly polish: boolean;
  readonly minutes: string;
}

export interface Part {
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  /** None after a reload, until the person has chosen the file again. */
  readonly file: File | null;
  /** Its id on the server, once it has one. */
  readonly upload: string | null;
  readonly sent: number;
}

export type State = "waiting" | "sending" | "paused" | "making" | "held" | "done" | "failed" | "duplicate" | "lost";

export interface Meeting {
  /** Also the Idempotency-Key: however often it is asked for, it is made once. */
  readonly id: string;
  readonly name: string | null;
  readonly parts: readonly Part[];
  readonly options: Options;
  readonly state: State;
  readonly error?: ApiError;
  readonly recording?: string;
  readonly anyway: boolean;
  /** The microphone recording that it sends, in this browser's store. */
  readonly take?: string;
}

/** What the line needs of the world. All throw ApiErrors. */
export interface Way {
  /** The id of an upload on the server, for a new part. */
  open(part: Part): Promise<string>;
  /** Send what is missing of it; it may be told more than once from where. */
  push(part: Part, told: (sent: number) => void, signal: AbortSignal): Promise<void>;
  /** Make the recording; answers its id. */
  make(meeting: Meeting): Promise<string>;
  /** Forget an upload on the server. */
  drop(upload: string): Promise<void>;
  /** Until it is worth another try. */
  rest(error: ApiError, signal: AbortSignal): Promise<void>;
  remember(meetings: readonly Meeting[]): void;
  made(meeting: Meeting): void;
}

/** What passes by itself: the network, a full disk, a full queue. */
const PASSING = new Set(["offline", "queue_full", "quota_jobs", "disk_full", "busy", "decoder_killed", "too_many_requests", "upload_stalled", "upload_busy", "upload_interrupted", "wrong_offset", "too_slow"]);
const ENDED: readonly State[] = ["done", "failed", "duplicate", "lost", "paused"];

export class Line {
  private meetings: readonly Meeting[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly stops = new Map<string, AbortController>();
  private going = false;

  constructor(private readonly way: Way) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.meetings;

  /** After a reload: what was known of them. Their files are to be chosen again. */
  restore(meetings: readonly Meeting[]) {
    this.set(meetings);
  }

  add(meeting: Pick<Meeting, "name" | "options" | "take"> & { readonly files: readonly File[] }) {
    const known = this.meetings.find((one) => one.state === "lost" && fits(one, meeting.files));
    if (known) return void this.found(known.id, meeting.files);
    const { name, options, take, files } = meeting;
    const fresh: Meeting = { id: crypto.randomUUID(), name, options, take, state: "waiting", anyway: false, parts: files.map(partOf) };
    this.set([...this.meetings, fresh]);
    void this.go();
  }

  /** One that lies on the server, sent from elsewhere; `file` where bytes are missing. False where it is another one. */
  adopt(upload: { id: string; name: string; size: number; received: number }, options: Options, file: File | null): boolean {
    if (file ? file.name !== upload.name || file.size !== upload.size : upload.received !== upload.size) return false;
    const part: Part = { name: upload.name, size: upload.size, modified: file?.lastModified ?? 0, file, upload: upload.id, sent: upload.received };
    this.set([...this.meetings, { id: crypto.randomUUID(), name: null, parts: [part], options, state: "waiting", anyway: false }]);
    void this.go();
    return true;
  }

  /** The files of a meeting that was lost to a reload, chosen again in whatever order; false where one is missing. */
  found(id: string, files: readonly File[]): boolean {
    const meeting = this.meetings.find((one) => one.id === id);
    if (!meeting || !fits(meeting, files)) return false;
    const parts = meeting.parts.map((part) => ({ ...part, file: files.find((file) => same(part, file)) ?? part.file }));
    this.change(id, { parts, state: "waiting", error: undefined });
    void this.go();
    return true;
  }

  pause(id: string) {
    this.change(id, { state: "paused" });
    this.stops.get(id)?.abort();
  }

  /** Go on with one that was paused or that failed; `anyway` also where the same content is there already. */
  resume(id: string, anyway = false) {
    this.change(id, { state: "waiting", error: undefined, ...(anyway && { anyway }) });
    void this.go();
  }

  /** Take it off the line, and what came of it off the server. */
  discard(id: string) {
    const meeting = this.meetings.find((one) => one.id === id);
    this.stops.get(id)?.abort();
    this.set(this.meetings.filter((one) => one.id !== id));
    if (meeting && meeting.state !== "done") {
      for (const { upload } of meeting.parts) if (upload) void this.way.drop(upload).catch(() => {});
    }
  }

  /** Take what has arrived off the list. */
  clear() {
    this.set(this.meetings.filter((one) => one.state !== "done"));
  }

  /** Somebody else signs in here: nothing of this one's is shown or sent any more. */
  forget() {
    this.stops.forEach((stop) => stop.abort());
    this.meetings = [];
    this.listeners.forEach((listener) => listener());
  }

  private async go() {
    if (this.going) return;
    this.going = true;
    for (let next; (next = this.meetings.find((one) => one.state === "waiting")); ) await this.send(next.id);
    this.going = false;
  }

  private async send(id: string) {
    const stop = new AbortController();
    this.stops.set(id, stop);
    try {
      const recording = await this.carried(id, stop.signal);
      const meeting = this.change(id, { state: "done", recording, error: undefined });
      if (meeting) this.way.made(meeting);
    } catch (error) {
      if (stop.signal.aborted) return;
      const refused = error as ApiError;
      const state = refused.code === "duplicate_recording" ? "duplicate" : refused.code === "upload_not_found" ? "lost" : "failed";
      this.change(id, { state, error: refused });
    } finally {
      this.stops.delete(id);
    }
  }

  /** All parts, then the recording; what passes by itself is waited for, and nothing that arrived is sent again. */
  private async carried(id: string, signal: AbortSignal): Promise<string> {
    for (;;) {
      try {
        for (let index = 0; index < this.of(id).parts.length; index += 1) await this.carry(id, index, signal);
        signal.throwIfAborted();
        this.change(id, { state: "making", error: undefined });
        return await this.way.make(this.of(id));
      } catch (error) {
        const refused = error as ApiError;
        if (signal.aborted || !(PASSING.has(refused.code) || refused.status >= 502)) {
          if (refused.code !== "upload_not_found") throw error;
          // It lay too long, or was swept away: what is gone is sent again.
          this.lose(id);
          if (this.of(id).parts.some((part) => !part.file)) throw error;
          continue;
        }
        this.change(id, { state: "held", error: refused });
        await this.way.rest(refused, signal);
      }
    }
  }

  private async carry(id: string, index: number, signal: AbortSignal) {
    signal.throwIfAborted();
    const part = this.of(id).parts[index]!;
    if (part.upload && part.sent === part.size) return;
    this.change(id, { state: "sending", error: undefined });
    const upload = part.upload ?? (await this.way.open(part));
    this.part(id, index, { upload });
    // What has left is not what has arrived: the last byte counts when the server has said so.
    await this.way.push({ ...part, upload }, (sent) => this.part(id, index, { sent: Math.min(sent, part.size - 1) }), signal);
    this.part(id, index, { sent: part.size });
  }

  private lose(id: string) {
    this.change(id, { parts: this.of(id).parts.map((part) => ({ ...part, upload: null, sent: 0 })) });
  }

  private of(id: string): Meeting {
    const meeting = this.meetings.find((one) => one.id === id);
    if (!meeting) throw new DOMException("discarded", "AbortError");
    return meeting;
  }

  private part(id: string, index: number, values: Partial<Part>) {
    const meeting = this.meetings.find((one) => one.id === id);
    if (meeting) this.change(id, { parts: meeting.parts.map((part, at) => (at === index ? { ...part, ...values } : part)) });
  }

  private change(id: string, values: Partial<Meeting>): Meeting | undefined {
    this.set(this.meetings.map((one) => (one.id === id ? { ...one, ...values } : one)));
    return this.meetings.find((one) => one.id === id);
  }

  private set(meetings: readonly Meeting[]) {
    this.meetings = meetings;
    this.way.remember(meetings);
    this.listeners.forEach((listener) => listener());
  }
}

export function busy(meeting: Meeting): boolean {
  return !ENDED.includes(meeting.state);
}

function partOf(file: File): Part {
  return { name: file.name, size: file.size, modified: file.lastModified, file, upload: null, sent: 0 };
}

function same(part: Part, file: File): boolean {
  return part.name === file.name && part.size === file.size && part.modified === file.lastModified;
}

/** Whether these are the files that the meeting still needs. */
function fits(meeting: Meeting, files: readonly File[]): boolean {
  const wanted = meeting.parts.filter((part) => !part.file && !(part.upload && part.sent === part.size));
  return wanted.length > 0 && wanted.every((part) => files.some((file) => same(part, file))) && files.every((file) => meeting.parts.some((part) => same(part, file)));
}
