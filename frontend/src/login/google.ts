// Loads Google's sign-in script, which renders the button. Only used if the server has a Google client id.

interface GoogleIdentity {
  initialize(options: {
    client_id: string;
    nonce: string;
    ux_mode: "popup";
    callback: (given: { credential: string }) => void;
  }): void;
  renderButton(
    place: HTMLElement,
    style: {
      theme: "outline" | "filled_black";
      size: "large";
      width: number;
      locale: string;
      text: "signin_with" | "continue_with";
    },
  ): void;
}

declare global {
  interface Window {
    google?: { accounts: { id: GoogleIdentity } };
  }
}

const SCRIPT = "https://accounts.google.com/gsi/client";

let loading: Promise<GoogleIdentity> | null = null;

/** Rejects if Google cannot be reached; the next call tries again. */
export function loadGoogleIdentity(): Promise<GoogleIdentity> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function load(): Promise<GoogleIdentity> {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = SCRIPT;
    script.async = true;
    script.onload = () => (window.google ? done(window.google.accounts.id) : failed(new Error("google")));
    script.onerror = () => failed(new Error("google"));
    document.head.append(script);
  });
}
