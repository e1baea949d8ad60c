// Makes the page installable, and gives it a frame when there is no network.
import { basePath, pathOf } from "../api/basePath";

export function registerServiceWorker() {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || !isSecureContext) return;
  addEventListener("load", () => {
    // Without it the page works as well, so a refusal, as in some private windows, is nobody's problem.
    navigator.serviceWorker.register(pathOf("/sw.js"), { scope: basePath }).catch(() => {});
  });
}
