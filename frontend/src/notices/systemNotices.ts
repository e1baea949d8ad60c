// Notices of the browser or the system, where the person has allowed them.
import { useState } from "react";

export function noticesAllowed(): NotificationPermission | "unsupported" {
  return "Notification" in window ? Notification.permission : "unsupported";
}

/** Whether the person can still be asked, and the way to ask. */
export function useAskForNotices(): { askable: boolean; ask: () => Promise<void> } {
  const [state, setState] = useState(noticesAllowed);
  return {
    askable: state === "default",
    ask: async () => setState(await Notification.requestPermission()),
  };
}

/** Shows a notice if it is allowed and nobody looks at this page. `tag` keeps several windows from saying it twice. */
export async function showSystemNotice(text: string, tag: string, open: () => void) {
  if (noticesAllowed() !== "granted" || !document.hidden) return;
  try {
    const notice = new Notification(text, { tag });
    notice.onclick = () => {
      window.focus();
      notice.close();
      open();
    };
  } catch {
    // Chrome on Android shows notices only through a service worker.
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification(text, { tag });
  }
}
