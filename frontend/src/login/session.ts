// The session of this page. When it ends, the page stays and pending requests wait for the next token.
import { clearDrafts } from "../minutes/storedDraft";
import { clearHistories } from "../recording/historyStorage";
import { refreshToken } from "./refresh";

type State = { readonly token: string | null; readonly expired: boolean };

class Session {
  // In memory only: an injected script could read a token from localStorage.
  private state: State = { token: null, expired: false };
  private readonly listeners = new Set<() => void>();
  private waiting: { go: () => void; stop: (reason: Error) => void }[] = [];

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => this.state;

  token(): string | null {
    return this.state.token;
  }

  begin(token: string) {
    this.set({ token, expired: false });
    this.waiting.splice(0).forEach(({ go }) => go());
  }

  end() {
    this.set({ token: null, expired: false });
    clearHistories();
    clearDrafts();
    this.waiting.splice(0).forEach(({ stop }) => stop(new DOMException("signed out", "AbortError")));
  }

  /** Restores the session from the refresh cookie, if there is one. */
  async restore(): Promise<void> {
    const token = await refreshToken();
    if (token) this.begin(token);
  }

  /** Resolves when `token` has been replaced, by the refresh cookie or by signing in again. */
  async renewed(token: string): Promise<void> {
    if (this.state.token !== null && this.state.token !== token) return;
    await this.restore();
    if (this.state.token !== token) return;
    this.set({ token, expired: true });
    await new Promise<void>((go, stop) => this.waiting.push({ go, stop }));
  }

  private set(state: State) {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}

export const session = new Session();
