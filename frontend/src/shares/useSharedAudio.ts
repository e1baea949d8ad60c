// The audio of a shared recording. The playing segment is marked by an attribute, without rendering React.
import { useRef, useState } from "react";
import { lastBefore } from "../document/time";

export interface SegmentElement {
  readonly start: number;
  readonly element: HTMLElement;
}

export interface SharedAudio {
  readonly seek: (seconds: number) => void;
  /** Registers the segments on the page. */
  readonly show: (segments: readonly SegmentElement[]) => void;
}

export function useSharedAudio() {
  const audio = useRef<HTMLAudioElement>(null);
  const places = useRef<readonly SegmentElement[]>([]);
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
    show: (found: readonly SegmentElement[]) => {
      places.current = found;
    },
  };
}
