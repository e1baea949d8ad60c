// Autosave: one save at a time, each based on a version number.
import { ApiError } from "../api/client";

export type SaveState =
  | { readonly kind: "saved" | "unsaved" | "saving" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "conflict"; readonly newest: number };

/** Saves a document based on a version; resolves to the number of the new version. */
export type Store<Value> = (value: Value, basedOn: number) => Promise<number>;
export type Schedule = (work: () => void, wait: number) => () => void;

const SAVE_DELAY = 1000;
const RETRY_DELAY = 5000;

export class Saver<Value> {
  private state: SaveState = { kind: "saved" };
  private readonly listeners = new Set<() => void>();
  private cancelTimer = () => {};
  private busy: Promise<void> | null = null;
  private latest: Value;

  constructor(
    private readonly put: Store<Value>,
    private readonly schedule: Schedule,
    private basedOn: number,
    private stored: Value,
  ) {
    this.latest = stored;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.state;

  /** Schedules a save, one second after the last change. */
  change(value: Value) {
    if (value === this.latest) return;
    this.latest = value;
    if (this.state.kind === "conflict") return;
    if (!this.busy) this.set({ kind: value === this.stored ? "saved" : "unsaved" });
    this.wait(SAVE_DELAY);
  }

  /** Saves now; resolves when everything is saved or saving failed. */
  async flush(): Promise<void> {
    this.cancelTimer();
    if (this.busy) await this.busy;
    if (this.latest === this.stored || this.state.kind === "conflict") return;
    this.busy = this.store(this.latest);
    await this.busy;
  }

  /** After a merge with a newer version from the server: `value` is what is to be saved based on it. */
  rebase(number: number, stored: Value, value: Value) {
    this.cancelTimer();
    this.basedOn = number;
    this.stored = stored;
    this.latest = value;
    this.set({ kind: value === stored ? "saved" : "unsaved" });
    if (value !== stored) this.wait(0);
  }

  /** Discards unsaved changes. */
  discard() {
    this.cancelTimer();
    this.latest = this.stored;
  }

  /** The last saved version: its number and value. */
  base(): readonly [number: number, stored: Value] {
    return [this.basedOn, this.stored];
  }

  private async store(value: Value) {
    this.set({ kind: "saving" });
    let wait: number | null = null;
    try {
      this.basedOn = await this.put(value, this.basedOn);
      this.stored = value;
      this.set({ kind: this.latest === value ? "saved" : "unsaved" });
      if (this.latest !== value) wait = SAVE_DELAY;
    } catch (error) {
      if (error instanceof ApiError && error.code === "transcript_changed") {
        this.set({ kind: "conflict", newest: Number(error.details.newest) });
      } else {
        this.set({ kind: "failed", error });
        // Retry network and server errors; a refused save would be refused again.
        if (!(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500)
          wait = RETRY_DELAY;
      }
    } finally {
      this.busy = null;
    }
    if (wait !== null) this.wait(wait);
  }

  private wait(milliseconds: number) {
    this.cancelTimer();
    this.cancelTimer = this.schedule(() => void this.flush(), milliseconds);
  }

  private set(state: SaveState) {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}
