// The service worker: the frame of the page when there is no network, and recordings that another app shares with this one.
// It never stores answers of the API. It is built as a file of its own, sw.js, beside the page (see vite.config.ts).
import { cleanupOutdatedCaches, matchPrecache, type PrecacheEntry, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";
import { keepShared, SHARE_PATH } from "./sharedFiles";

interface Worker {
  readonly __WB_MANIFEST: PrecacheEntry[];
  readonly registration: { readonly scope: string };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  readonly clients: { claim(): Promise<void> };
}
interface ExtendableEvent {
  waitUntil(work: Promise<unknown>): void;
}
declare const self: Worker;

const scope = new URL(self.registration.scope).pathname;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST, { directoryIndex: null as unknown as string });

// The names of these files contain a hash of their content.
registerRoute(({ url }) => url.pathname.startsWith(`${scope}assets/`), new CacheFirst({ cacheName: "assets" }));

// The page comes from the server, so that it is never an old one; the stored frame is for when there is no network.
registerRoute(
  new NavigationRoute(
    async ({ request }) => {
      try {
        return await fetch(request);
      } catch (error) {
        const frame = await matchPrecache("index.html");
        if (!frame) throw error;
        return frame;
      }
    },
    { denylist: [new RegExp(`^${scope}(?:s|api|docs|redoc)/`)] },
  ),
);

registerRoute(
  ({ url }) => url.pathname === `${scope}${SHARE_PATH}`,
  async ({ request }) => {
    await keepShared(await (request as Request).formData());
    return Response.redirect(`${scope}?shared=1`, 303);
  },
  "POST",
);
