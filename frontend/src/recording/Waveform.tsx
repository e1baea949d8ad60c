// The waveform, drawn from the server's peaks in the colors of the speakers. A click or a key seeks.
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import WaveSurfer from "wavesurfer.js";
import { formatTime, segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import { colorOf } from "./names";
import type { Player } from "./player";

export interface Peaks {
  readonly duration: number;
  readonly peaks: number[];
}

/** Seconds by which a key moves. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -5,
  ArrowDown: -5,
  ArrowRight: 5,
  ArrowUp: 5,
  PageDown: -60,
  PageUp: 60,
  Home: -Infinity,
  End: Infinity,
};

export function Waveform({ player, peaks, doc }: { player: Player; peaks: Peaks; doc: Doc }) {
  const { t } = useTranslation();
  const container = useRef<HTMLDivElement>(null);
  const wave = useRef<WaveSurfer | null>(null);
  const { speakers, segments } = doc;

  useEffect(() => {
    const drawn = WaveSurfer.create({
      container: container.current!,
      height: 64,
      peaks: [peaks.peaks.length ? peaks.peaks : [0]],
      duration: peaks.duration || 1,
      cursorColor: "#e5484d",
      cursorWidth: 2,
      progressColor: "rgba(0, 0, 0, 0.28)",
      dragToSeek: true,
    });
    drawn.on("interaction", (time) => player.seek(time));
    wave.current = drawn;
    let shown = -1;
    const unsubscribe = player.onTick((time) => {
      if (Math.abs(time - shown) < peaks.duration / 4000) return;
      shown = time;
      drawn.setTime(time);
      container.current?.setAttribute("aria-valuenow", String(Math.floor(time)));
      container.current?.setAttribute("aria-valuetext", formatTime(time));
    });
    return () => {
      unsubscribe();
      drawn.destroy();
      wave.current = null;
    };
  }, [player, peaks]);

  useEffect(() => {
    wave.current?.setOptions({
      renderFunction(channels, context) {
        const heights = channels[0]!;
        const { width, height } = context.canvas;
        const step = 3 * devicePixelRatio;
        for (let x = 0; x < width; x += step) {
          const from = Math.floor((x / width) * heights.length);
          const to = Math.max(from + 1, Math.floor(((x + step) / width) * heights.length));
          let loudest = 0;
          for (let index = from; index < to; index += 1) loudest = Math.max(loudest, heights[index] ?? 0);
          const time = (x / width) * peaks.duration;
          const segment = segments[segmentAt(segments, time)];
          context.fillStyle = segment && time <= segment.end ? colorOf(speakers, segment.speaker) : "#8c8c8c66";
          const barHeight = Math.max(2, loudest * height);
          context.fillRect(x, (height - barHeight) / 2, step * 0.66, barHeight);
        }
      },
    });
  }, [peaks, speakers, segments]);

  function press(event: KeyboardEvent) {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    player.seek(Math.max(0, Math.min(peaks.duration, player.time() + (event.shiftKey ? Math.sign(step) : step))));
  }

  return (
    <div
      className="waveform"
      ref={container}
      role="slider"
      tabIndex={0}
      aria-label={t("editor.waveform")}
      aria-valuemin={0}
      aria-valuemax={Math.floor(peaks.duration)}
      aria-valuenow={Math.floor(player.time())}
      aria-valuetext={formatTime(player.time())}
      onKeyDown={press}
    />
  );
}
