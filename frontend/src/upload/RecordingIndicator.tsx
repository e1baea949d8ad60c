// In the header while this window records: the time, and the way back to the recorder.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { formatTime } from "../document/time";
import { useRecorder } from "./pageRecorder";
import "./record.css";

export function RecordingIndicator() {
  const { t } = useTranslation();
  const { recorder, paused } = useRecorder();
  const time = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!recorder) return;
    const show = () => {
      if (time.current) time.current.textContent = formatTime(recorder.seconds());
    };
    show();
    const timer = setInterval(show, 500);
    return () => clearInterval(timer);
  }, [recorder]);
  if (!recorder) return null;
  return (
    <NavLink to="/record" className={paused ? "recording-indicator paused" : "recording-indicator"}>
      <span className="recording-dot" aria-hidden />
      <span className="visually-hidden">{paused ? t("record.paused") : t("record.now")}</span>
      <span ref={time} className="recording-time">
        00:00
      </span>
    </NavLink>
  );
}
