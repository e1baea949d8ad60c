// Who is signed in on this tab. When a session ends, what is on the page stays; those who asked wait for the next one.

const KEY = "meeting-asr.token";

type State = { readonly token: string | null; readonly expired: boolean };

class Session {
  // A tab's own storage: another tab, another program or the next visit does not find it.
  private state: State = { token: sessionStorage.getItem(KEY), expired: false };
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
    sessionStorage.setItem(KEY, token);
    this.set({ token, expired: false });
    this.waiting.splice(0).forEach(({ go }) => go());
  }

  end() {
    sessionStorage.removeItem(KEY);
    this.set({ token: null, expired: false });
    this.waiting.splice(0).forEach(({ stop }) => stop(new DOMException("signed out", "AbortError")));
  }

  /** Until somebody has signed in again, when `token` is the one that has ended. */
  renewed(token: string): Promise<void> {
    if (this.state.token !== null && this.state.token !== token) return Promise.resolve();
    this.set({ token: this.state.token, expired: true });
    return new Promise((go, stop) => this.waiting.push({ go, stop }));
  }

  private set(state: State) {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}

export const session = new Session();
