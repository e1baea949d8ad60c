// The waveform, drawn from peaks that the server made, in the colours of who speaks. A click goes there.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import WaveSurfer from "wavesurfer.js";
import { segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import { colourOf } from "./names";
import type { Player } from "./player";

export interface Peaks {
  readonly duration: number;
  readonly peaks: number[];
}

export function Waveform({ player, peaks, doc }: { player: Player; peaks: Peaks; doc: Doc }) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const wave = useRef<WaveSurfer | null>(null);
  const { speakers, segments } = doc;

  useEffect(() => {
    const drawn = WaveSurfer.create({
      container: place.current!,
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
    const silence = player.onTick((time) => {
      if (Math.abs(time - shown) < peaks.duration / 4000) return;
      shown = time;
      drawn.setTime(time);
    });
    return () => {
      silence();
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
          context.fillStyle = segment && time <= segment.end ? colourOf(speakers, segment.speaker) : "#8c8c8c66";
          const tall = Math.max(2, loudest * height);
          context.fillRect(x, (height - tall) / 2, step * 0.66, tall);
        }
      },
    });
  }, [peaks, speakers, segments]);

  return <div className="waveform" ref={place} role="img" aria-label={t("editor.waveform")} />;
}
