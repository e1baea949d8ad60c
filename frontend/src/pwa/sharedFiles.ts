// Recordings that another app has shared with this one: the service worker keeps them until the page takes them.

/** Where the browser sends them; the manifest names it. */
export const SHARE_PATH = "share-recording";
const FIELD = "recordings";
const CACHE = "shared-recordings";
const PREFIX = "/shared-recording/";

export async function keepShared(form: FormData): Promise<void> {
  const files = form.getAll(FIELD).filter((one) => one instanceof File);
  const cache = await caches.open(CACHE);
  await Promise.all(
    files.map((file, number) => {
      const headers = { "X-Name": encodeURIComponent(file.name), "Content-Type": file.type };
      return cache.put(`${PREFIX}${Date.now()}-${number}`, new Response(file, { headers }));
    }),
  );
}

/** The shared files, which are no longer kept afterwards. */
export async function takeShared(): Promise<File[]> {
  if (!("caches" in window) || !(await caches.has(CACHE))) return [];
  const cache = await caches.open(CACHE);
  const files = await Promise.all(
    (await cache.keys()).map(async (request) => {
      const response = (await cache.match(request))!;
      const name = decodeURIComponent(response.headers.get("X-Name") ?? "");
      const type = response.headers.get("Content-Type") ?? "";
      return new File([await response.blob()], name, { type });
    }),
  );
  await caches.delete(CACHE);
  return files;
}
