// Parts of the page that are loaded when they are first needed.
import { onlineOrAfter } from "./online";

/** While the network works, a part that cannot be loaded so often was replaced by a newer page. */
const ATTEMPTS = 5;
const PAUSE_MS = 2000;

/**
 * Loads a part again and again until it comes: a rejected promise of a lazy component would take the whole page down.
 * Answers `gone` when the network works and the part is not there.
 */
export async function loaded<Part>(
  load: () => Promise<Part>,
  gone: Part,
  network: { online: () => boolean; chance: () => Promise<void> } = {
    online: () => navigator.onLine,
    chance: () => onlineOrAfter(PAUSE_MS),
  },
): Promise<Part> {
  for (let refused = 0; refused < ATTEMPTS; ) {
    try {
      return await load();
    } catch {
      if (network.online()) refused += 1;
      await network.chance();
    }
  }
  return gone;
}
