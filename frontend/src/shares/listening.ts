// The sound of a shared recording, and the segment that is heard. Nothing renders while it plays: one attribute moves.
import { useRef, useState } from "react";
import { lastBefore } from "../document/time";

export interface Place {
  readonly start: number;
  readonly element: HTMLElement;
}

export interface Listening {
  readonly seek: (seconds: number) => void;
  /** The segments as they stand on the page. */
  readonly show: (places: readonly Place[]) => void;
}

export function useListening() {
  const audio = useRef<HTMLAudioElement>(null);
  const places = useRef<readonly Place[]>([]);
  const now = useRef<HTMLElement | null>(null);
  const [failed, setFailed] = useState(false);
  function moved() {
    const place = places.current[lastBefore(places.current, audio.current?.currentTime ?? 0, (one) => one.start)];
    if (place?.element === now.current) return;
    now.current?.removeAttribute("aria-current");
    place?.element.setAttribute("aria-current", "true");
    now.current = place?.element ?? null;
  }
  return {
    audio,
    failed,
    moved,
    fail: () => setFailed(true),
    seek: (seconds: number) => {
      if (!audio.current) return;
      audio.current.currentTime = seconds;
      audio.current.play().catch(() => {});
      moved();
    },
    show: (found: readonly Place[]) => {
      places.current = found;
    },
  };
}
