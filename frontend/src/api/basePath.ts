// The path under which the page is served. The server writes it into the page when it sends it.

// Tests run without a document.
const meta = typeof document === "undefined" ? null : document.querySelector<HTMLMetaElement>('meta[name="base-path"]');

/** "/", or like "/asr/". */
export const basePath = meta?.content ?? "/";

/** The path of a route of the server or of the page, which begins with a slash, as the browser needs it. */
export function pathOf(route: string): string {
  return basePath + route.slice(1);
}
