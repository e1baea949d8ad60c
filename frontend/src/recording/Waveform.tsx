// The waveform, drawn from the server's peaks in the colors of the speakers. A click or a key seeks.
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import WaveSurfer from "wavesurfer.js";
import HoverPlugin from "wavesurfer.js/plugins/hover";
import type { Chapter } from "../document/chapters";
import { formatTime, segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import type { Note } from "./NotesPanel";
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

/** Pixels: the waveform, and the lane of each speaker below it. */
const [HEIGHT, LANE, MOST_LANES] = [52, 5, 8];

const FLAG_COLOR = "#d97706";

/** The height of a document's waveform in pixels, with the lanes of its speakers. */
export function heightOf({ speakers }: Doc): number {
  return HEIGHT + lanesOf(speakers) * LANE;
}

function lanesOf(speakers: Doc["speakers"]): number {
  return speakers.length > 1 ? Math.min(speakers.length, MOST_LANES) : 0;
}

interface WaveformProps {
  player: Player;
  peaks: Peaks;
  doc: Doc;
  chapters: readonly Chapter[];
  /** Marks and notes, drawn as flags. */
  notes: readonly Note[];
  /** How many times as wide as its place. */
  zoom: number;
}

export function Waveform({ player, peaks, doc, chapters, notes, zoom }: WaveformProps) {
  const { t } = useTranslation();
  const container = useRef<HTMLDivElement>(null);
  const wave = useRef<WaveSurfer | null>(null);
  const { speakers, segments } = doc;
  const lanes = lanesOf(speakers);
  const newest = useRef({ chapters, notes });
  useEffect(() => {
    newest.current = { chapters, notes };
  });

  useEffect(() => {
    const heights = peaks.peaks.length ? peaks.peaks : [0];
    const drawn = WaveSurfer.create({
      container: container.current!,
      height: HEIGHT,
      // The second channel holds the place of each peak, from 0 to 1: a zoomed waveform is drawn in pieces.
      peaks: [heights, heights.map((_, number) => number / heights.length)],
      duration: peaks.duration || 1,
      cursorColor: "#e5484d",
      cursorWidth: 2,
      progressColor: "rgba(0, 0, 0, 0.28)",
      dragToSeek: true,
      plugins: [
        HoverPlugin.create({
          lineColor: "#8c8c8c",
          labelColor: "#ffffff",
          labelBackground: "#1f1f1f",
          labelSize: 12,
          formatTimeCallback: (time) => {
            const { chapters, notes } = newest.current;
            const note = notes.find((one) => one.text && Math.abs(one.at - time) < peaks.duration / 200);
            if (note) return `${formatTime(note.at)} ${note.text}`;
            const chapter = chapters.findLast((one) => one.start <= time);
            return chapter ? `${formatTime(time)} ${chapter.title}` : formatTime(time);
          },
        }),
      ],
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
    const count = Math.max(1, peaks.peaks.length);
    wave.current?.setOptions({
      height: HEIGHT + lanes * LANE,
      minPxPerSec: zoom > 1 ? (container.current!.clientWidth * zoom) / (peaks.duration || 1) : 0,
      renderFunction(channels, context) {
        const heights = channels[0]!;
        const { width } = context.canvas;
        const from = (channels[1]?.[0] ?? 0) * peaks.duration;
        const seconds = (heights.length / count) * peaks.duration;
        const colors = (time: number) => {
          const segment = segments[segmentAt(segments, time)];
          return segment && time <= segment.end ? colorOf(speakers, segment.speaker) : "#8c8c8c66";
        };
        drawBars(context, heights, (share) => colors(from + share * seconds));
        const lane = LANE * devicePixelRatio;
        const top = HEIGHT * devicePixelRatio;
        for (const segment of segments) {
          const number = speakers.findIndex((one) => one.id === segment.speaker);
          if (number < 0 || number >= lanes || segment.end < from || segment.start > from + seconds) continue;
          context.fillStyle = colorOf(speakers, segment.speaker);
          const x = ((segment.start - from) / seconds) * width;
          const length = Math.max(1, ((segment.end - segment.start) / seconds) * width);
          context.fillRect(x, top + number * lane + 1, length, lane - 2 * devicePixelRatio);
        }
        context.fillStyle = "#8c8c8c";
        for (const { start } of chapters)
          if (start > from && start < from + seconds)
            context.fillRect(((start - from) / seconds) * width, 0, devicePixelRatio, context.canvas.height);
        context.fillStyle = FLAG_COLOR;
        for (const { at } of notes) {
          if (at < from || at > from + seconds) continue;
          const x = ((at - from) / seconds) * width;
          context.fillRect(x, 0, 2 * devicePixelRatio, top);
          context.fillRect(x, 0, 8 * devicePixelRatio, 8 * devicePixelRatio);
        }
      },
    });
  }, [peaks, speakers, segments, lanes, zoom, chapters, notes]);

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
      style={{ minHeight: heightOf(doc) }}
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

function drawBars(context: CanvasRenderingContext2D, heights: ArrayLike<number>, colorAt: (share: number) => string) {
  const { width } = context.canvas;
  const height = HEIGHT * devicePixelRatio;
  const step = 3 * devicePixelRatio;
  for (let x = 0; x < width; x += step) {
    const from = Math.floor((x / width) * heights.length);
    const to = Math.max(from + 1, Math.floor(((x + step) / width) * heights.length));
    let loudest = 0;
    for (let index = from; index < to; index += 1) loudest = Math.max(loudest, heights[index] ?? 0);
    context.fillStyle = colorAt(x / width);
    const bar = Math.max(2, loudest * height);
    context.fillRect(x, (height - bar) / 2, step * 0.66, bar);
  }
}
