// Buttons that play short parts of recordings, one at a time.
import { CaretRightOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { formatTime } from "../document/time";
import { renewMedia } from "../recording/media";
import { Player } from "../recording/player";
import type { Clip } from "./queries";

/** Plays a clip, and stops the one before it. */
export function useClipPlayer(): (clip: Clip) => void {
  const made = useRef<Player>(null);
  useEffect(() => () => made.current?.unload(), []);
  return (clip) => {
    made.current ??= new Player(renewMedia);
    const player = made.current;
    player.load(pathOf(`/api/recordings/${clip.recording_id}/audio`));
    player.playParts([clip]);
  };
}

/** `name` says whose voice it is. */
export function Clips({ name, clips, play }: { name: string; clips: readonly Clip[]; play: (clip: Clip) => void }) {
  const { t } = useTranslation();
  return (
    <div className="clips">
      <span className="secondary">{name}</span>{" "}
      {clips.map((clip) => {
        const time = formatTime(clip.start);
        return (
          <Button
            key={`${clip.recording_id} ${clip.start}`}
            size="small"
            type="text"
            icon={<CaretRightOutlined />}
            aria-label={t("people.playFrom", { name, time })}
            onClick={() => play(clip)}
          >
            {time}
          </Button>
        );
      })}
    </div>
  );
}
