// Google's own script, which draws its button. It is loaded only where the server has been told of a client of Google's.

interface Identity {
  initialize(asked: { client_id: string; nonce: string; ux_mode: "popup"; callback: (given: { credential: string }) => void }): void;
  renderButton(place: HTMLElement, looks: { theme: "outline" | "filled_black"; size: "large"; width: number; locale: string; text: "signin_with" | "continue_with" }): void;
}

declare global {
  interface Window {
    google?: { accounts: { id: Identity } };
  }
}

const SCRIPT = "https://accounts.google.com/gsi/client";

let loading: Promise<Identity> | null = null;

/** Fails where Google cannot be reached; who asks again tries again. */
export function identity(): Promise<Identity> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function load(): Promise<Identity> {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = SCRIPT;
    script.async = true;
    script.onload = () => (window.google ? done(window.google.accounts.id) : failed(new Error("google")));
    script.onerror = () => failed(new Error("google"));
    document.head.append(script);
  });
}
