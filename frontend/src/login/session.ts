// Who is signed in on this page. When a session ends, what is on the page stays; those who asked wait for the next one.
import { dropAll } from "../recording/keep";
import { refreshed } from "./refresh";

type State = { readonly token: string | null; readonly expired: boolean };

class Session {
  // In memory only: what a script could read from a store, a script of somebody else could read too.
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
    dropAll();
    this.waiting.splice(0).forEach(({ stop }) => stop(new DOMException("signed out", "AbortError")));
  }

  /** Go on as whoever is signed in on this browser, if anybody is. */
  async restore(): Promise<void> {
    const token = await refreshed();
    if (token) this.begin(token);
  }

  /** Until there is a token that is not `token`, which has ended: by the cookie if it can be, else by signing in. */
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
