// Saves by itself, one save at a time, each naming the version it is based on.
import { ApiError } from "../api/client";

export type SaveState =
  | { readonly kind: "saved" | "unsaved" | "saving" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "conflict"; readonly newest: number };

/** Stores a document based on a version; resolves with the number of the new one. */
export type Put<Value> = (value: Value, basedOn: number) => Promise<number>;
export type Later = (work: () => void, wait: number) => () => void;

const PAUSE = 1000;
const PATIENCE = 5000;

export class Saver<Value> {
  private state: SaveState = { kind: "saved" };
  private readonly listeners = new Set<() => void>();
  private forget = () => {};
  private busy: Promise<void> | null = null;
  private wanted: Value;

  constructor(
    private readonly put: Put<Value>,
    private readonly later: Later,
    private basedOn: number,
    private stored: Value,
  ) {
    this.wanted = stored;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.state;

  /** There is something new; it is stored when nothing newer came for a second. */
  change(value: Value) {
    if (value === this.wanted) return;
    this.wanted = value;
    if (this.state.kind === "conflict") return;
    if (!this.busy) this.set({ kind: value === this.stored ? "saved" : "unsaved" });
    this.wait(PAUSE);
  }

  /** Store it now; resolves when there is nothing left to store, or it cannot be. */
  async flush(): Promise<void> {
    this.forget();
    if (this.busy) await this.busy;
    if (this.wanted === this.stored || this.state.kind === "conflict") return;
    this.busy = this.store(this.wanted);
    await this.busy;
  }

  /** After a conflict: what is here goes over what came in between. */
  keepMine() {
    if (this.state.kind !== "conflict") return Promise.resolve();
    this.basedOn = this.state.newest;
    this.set({ kind: "unsaved" });
    return this.flush();
  }

  /** Store nothing more: what is here is not wanted. */
  stop() {
    this.forget();
    this.wanted = this.stored;
  }

  /** What the server has of what is here: the version's number, and its value. */
  base(): readonly [number: number, stored: Value] {
    return [this.basedOn, this.stored];
  }

  /** A newer version came from the server, and is here now. */
  adopt(number: number, value: Value) {
    this.forget();
    this.basedOn = number;
    this.stored = this.wanted = value;
    this.set({ kind: "saved" });
  }

  private async store(value: Value) {
    this.set({ kind: "saving" });
    let wait: number | null = null;
    try {
      this.basedOn = await this.put(value, this.basedOn);
      this.stored = value;
      this.set({ kind: this.wanted === value ? "saved" : "unsaved" });
      if (this.wanted !== value) wait = PAUSE;
    } catch (error) {
      if (error instanceof ApiError && error.code === "transcript_changed") {
        this.set({ kind: "conflict", newest: Number(error.facts.newest) });
      } else {
        this.set({ kind: "failed", error });
        // What was refused would be refused again; what did not arrive may arrive.
        if (!(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500) wait = PATIENCE;
      }
    } finally {
      this.busy = null;
    }
    if (wait !== null) this.wait(wait);
  }

  private wait(milliseconds: number) {
    this.forget();
    this.forget = this.later(() => void this.flush(), milliseconds);
  }

  private set(state: SaveState) {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}
