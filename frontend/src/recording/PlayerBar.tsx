// The player: waveform and controls.
import {
  AimOutlined,
  FastBackwardOutlined,
  FastForwardOutlined,
  PauseCircleFilled,
  PlayCircleFilled,
  RetweetOutlined,
  SoundOutlined,
  StepForwardOutlined,
  ZoomInOutlined,
  ZoomOutOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Select, Slider, Tooltip } from "antd";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { download } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { type Chapter, pausesOf } from "../document/chapters";
import { formatTime, segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import type { Note } from "./NotesPanel";
import type { Player } from "./player";
import { heightOf, type Peaks, Waveform } from "./Waveform";

/** The id of the player in the page. */
export const PLAYER = "workspace-player";
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

const LARGEST_ZOOM = 64;
const [SKIP, VOLUME] = ["meeting-asr.skip-silence", "meeting-asr.volume"] as const;

interface PlayerBarProps {
  id: string;
  player: Player;
  doc: Doc;
  chapters: readonly Chapter[];
  notes: readonly Note[];
  follow: boolean;
  setFollow: (follow: boolean) => void;
}

export function PlayerBar({ id, player, doc, chapters, notes, follow, setFollow }: PlayerBarProps) {
  const { t } = useTranslation();
  const time = useRef<HTMLSpanElement>(null);
  useSyncExternalStore(player.subscribe, player.snapshot);
  const peaks = useQuery({
    queryKey: ["recording", id, "peaks"],
    queryFn: async ({ signal }) =>
      JSON.parse(await (await download(`/api/recordings/${id}/peaks`, signal)).text()) as Peaks,
    staleTime: Infinity,
  });
  const messages = useErrorMessages();
  useEffect(() => {
    player.load(pathOf(`/api/recordings/${id}/audio`));
    return () => player.unload();
  }, [id, player]);
  useEffect(() => {
    let shown = -1;
    return player.onTick((now) => {
      if (Math.floor(now) === shown || !time.current) return;
      shown = Math.floor(now);
      time.current.textContent = formatTime(now);
    });
  }, [player]);
  const [zoom, setZoom] = useState(1);
  const [skip, setSkip] = useState(() => localStorage.getItem(SKIP) === "yes");
  useEffect(() => {
    player.pauses = skip ? pausesOf(doc) : [];
  }, [player, skip, doc]);
  useEffect(() => {
    player.volume(Number(localStorage.getItem(VOLUME) ?? 1));
  }, [player]);

  function repeat() {
    const segment = doc.segments[Math.max(0, segmentAt(doc.segments, player.time()))];
    player.repeat(player.loop || !segment ? null : { start: segment.start, end: segment.end });
  }

  const ready = player.audio.readyState > 0;
  return (
    <section id={PLAYER} tabIndex={-1} className="player" aria-label={t("editor.player")}>
      {peaks.data ? (
        <Waveform player={player} peaks={peaks.data} doc={doc} chapters={chapters} notes={notes} zoom={zoom} />
      ) : (
        <div className="waveform" style={{ minHeight: heightOf(doc) }} />
      )}
      <div className="player-row">
        <Tooltip title={t("editor.back5")}>
          <Button
            type="text"
            icon={<FastBackwardOutlined />}
            aria-label={t("editor.back5")}
            disabled={!ready}
            onClick={() => player.skip(-5)}
          />
        </Tooltip>
        <Button
          type="text"
          className="play"
          icon={player.audio.paused ? <PlayCircleFilled /> : <PauseCircleFilled />}
          aria-label={player.audio.paused ? t("editor.play") : t("editor.pause")}
          disabled={!ready}
          onClick={() => player.toggle()}
        />
        <Tooltip title={t("editor.forward5")}>
          <Button
            type="text"
            icon={<FastForwardOutlined />}
            aria-label={t("editor.forward5")}
            disabled={!ready}
            onClick={() => player.skip(5)}
          />
        </Tooltip>
        <span className="clock">
          <span ref={time}>00:00</span>
          <span className="whole"> / {formatTime(doc.duration)}</span>
        </span>
        <Select
          size="small"
          variant="filled"
          className="speed"
          aria-label={t("editor.speed")}
          value={player.audio.playbackRate}
          options={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          onChange={(rate) => player.rate(rate)}
        />
        <Toggle name={t("editor.follow")} icon={<AimOutlined />} on={follow} onClick={() => setFollow(!follow)} />
        <Toggle
          name={t("player.skip")}
          icon={<StepForwardOutlined />}
          on={skip}
          onClick={() => {
            localStorage.setItem(SKIP, skip ? "no" : "yes");
            setSkip(!skip);
          }}
        />
        <Toggle name={t("player.loop")} icon={<RetweetOutlined />} on={player.loop !== null} onClick={repeat} />
        <span className="wide-player">
          <SoundOutlined aria-hidden />
          <Slider
            className="volume"
            min={0}
            max={1}
            step={0.05}
            value={player.audio.volume}
            tooltip={{ formatter: null }}
            ariaLabelForHandle={t("player.volume")}
            onChange={(share) => {
              localStorage.setItem(VOLUME, String(share));
              player.volume(share);
            }}
          />
          <Button
            type="text"
            icon={<ZoomOutOutlined />}
            aria-label={t("player.zoomOut")}
            disabled={zoom === 1}
            onClick={() => setZoom(zoom / 2)}
          />
          <Button
            type="text"
            icon={<ZoomInOutlined />}
            aria-label={t("player.zoomIn")}
            disabled={zoom >= LARGEST_ZOOM}
            onClick={() => setZoom(zoom * 2)}
          />
        </span>
        {player.problem !== null && (
          <small className="problem">
            {t("editor.audioMissing")}
            {messages.textOf(player.problem)}{" "}
            <Button size="small" type="link" onClick={() => player.load(pathOf(`/api/recordings/${id}/audio`))}>
              {t("app.again")}
            </Button>
          </small>
        )}
      </div>
    </section>
  );
}

interface ToggleProps {
  name: string;
  icon: ReactNode;
  on: boolean;
  onClick: () => void;
}

function Toggle({ name, icon, on, onClick }: ToggleProps) {
  return (
    <Tooltip title={name}>
      <Button type="text" className="toggle" icon={icon} aria-label={name} aria-pressed={on} onClick={onClick} />
    </Tooltip>
  );
}
