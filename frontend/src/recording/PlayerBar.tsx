// The player: waveform and controls.
import { FastBackwardOutlined, FastForwardOutlined, PauseCircleFilled, PlayCircleFilled } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Select, Tooltip } from "antd";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { download } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";
import type { Player } from "./player";
import { type Peaks, Waveform } from "./Waveform";

/** The id of the player in the page. */
export const PLAYER = "workspace-player";
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

interface PlayerBarProps {
  id: string;
  player: Player;
  doc: Doc;
  follow: boolean;
  setFollow: (follow: boolean) => void;
}

export function PlayerBar({ id, player, doc, follow, setFollow }: PlayerBarProps) {
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
  const ready = player.audio.readyState > 0;
  return (
    <section id={PLAYER} tabIndex={-1} className="player" aria-label={t("editor.player")}>
      {peaks.data ? <Waveform player={player} peaks={peaks.data} doc={doc} /> : <div className="waveform" />}
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
          <span ref={time}>00:00</span> / {formatTime(doc.duration)}
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
        <Checkbox checked={follow} onChange={(event) => setFollow(event.target.checked)}>
          {t("editor.follow")}
        </Checkbox>
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
