// Taking a file away: it comes with the token, so it is fetched and handed over.
import { download } from "../api/client";

export async function take(address: string, name: string): Promise<void> {
  const blob = await download(address, new AbortController().signal);
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
