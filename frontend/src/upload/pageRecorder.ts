// The recording that this window makes. It belongs to no page, so it goes on while one looks elsewhere in the product.
import { useEffect, useSyncExternalStore } from "react";
import { type CaptureSource, capture } from "./capture";
import type { LocalRecording, RecordingNote } from "./localRecordings";
import type { Choices } from "./options";
import { Recorder } from "./recorder";

export interface RecorderState {
  readonly recorder: Recorder | null;
  readonly paused: boolean;
  readonly name: string;
  readonly notes: readonly RecordingNote[];
  /** The browser has no space left. */
  readonly full: boolean;
}

const IDLE: RecorderState = { recorder: null, paused: false, name: "", notes: [], full: false };

class PageRecorder {
  private state = IDLE;
  private readonly listeners = new Set<() => void>();
  /** The options chosen so far, while the recorder's page is not open. */
  choices: Choices | null = null;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.state;

  /** Throws a CaptureError if there is nothing to record. */
  async begin(source: CaptureSource, device: string, user: string) {
    const streams = await capture(source, device);
    const recorder = new Recorder(streams, user, this.state.name, () => this.set({ full: true }));
    addEventListener("beforeunload", warn);
    this.set({ recorder, paused: false, notes: [], full: false });
  }

  rename(name: string) {
    this.set({ name });
    this.state.recorder?.change({ name });
  }

  /** A mark at this moment; with a text it is a note. */
  note(text: string) {
    const { recorder, notes } = this.state;
    if (recorder) this.setNotes([...notes, { at: Math.round(recorder.seconds() * 10) / 10, text: text.trim() }]);
  }

  setNotes(notes: readonly RecordingNote[]) {
    this.set({ notes });
    this.state.recorder?.change({ notes });
  }

  togglePause() {
    const { recorder, paused } = this.state;
    if (paused) recorder?.resume();
    else recorder?.pause();
    this.set({ paused: !paused });
  }

  /** Stops; what was recorded is stored in this browser. null if nothing was. */
  async stop(): Promise<LocalRecording | null> {
    const { recorder } = this.state;
    if (!recorder) return null;
    const recording = await recorder.stop();
    removeEventListener("beforeunload", warn);
    this.choices = null;
    this.state = IDLE;
    this.set({});
    dispatchEvent(new Event("local-recordings-changed"));
    return recording.pieces > 0 ? recording : null;
  }

  private set(changes: Partial<RecorderState>) {
    this.state = { ...this.state, ...changes };
    this.listeners.forEach((listener) => listener());
  }
}

function warn(event: BeforeUnloadEvent) {
  event.preventDefault();
}

export const pageRecorder = new PageRecorder();

export function useRecorder(): RecorderState {
  return useSyncExternalStore(pageRecorder.subscribe, pageRecorder.snapshot);
}

/** Stops the recording when this person leaves; it stays in this browser for them. */
export function useRecorderOf(user: string | undefined) {
  useEffect(() => (user ? () => void pageRecorder.stop() : undefined), [user]);
}
