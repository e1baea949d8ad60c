// Time, level and spectrum of a running recording, drawn once per frame without rendering React.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { formatTime } from "../document/time";
import type { Recorder } from "./recorder";

const BANDS = 48;

export function SoundMeter({ recorder }: { recorder: Recorder }) {
  const { t } = useTranslation();
  const bar = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const time = useRef<HTMLElement>(null);
  useEffect(() => {
    let frame = requestAnimationFrame(function look() {
      const level = recorder.level();
      if (bar.current) {
        bar.current.style.setProperty("--level", String(level));
        bar.current.ariaValueNow = String(Math.round(level * 100));
      }
      if (time.current) time.current.textContent = formatTime(recorder.seconds());
      if (canvas.current) draw(canvas.current, recorder.spectrum(BANDS));
      frame = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(frame);
  }, [recorder]);
  return (
    <div className="recording-now">
      <strong ref={time} role="timer" aria-label={t("record.time")}>
        00:00
      </strong>
      <canvas ref={canvas} className="spectrum" width={BANDS * 8} height={72} aria-hidden />
      <div
        ref={bar}
        className="audio-level"
        role="meter"
        aria-label={t("record.level")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
      />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, bands: readonly number[]) {
  const brush = canvas.getContext("2d");
  if (!brush) return;
  const { width, height } = canvas;
  brush.clearRect(0, 0, width, height);
  brush.fillStyle = getComputedStyle(canvas).color;
  bands.forEach((strength, band) => {
    const tall = Math.max(2, strength * height);
    brush.fillRect((band * width) / bands.length + 1, (height - tall) / 2, width / bands.length - 2, tall);
  });
}
