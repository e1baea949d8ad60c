// The picture of a video, in step with the player, with the transcript as its subtitles.
import {
  CloseOutlined,
  FullscreenOutlined,
  PicCenterOutlined,
  PushpinOutlined,
  SelectOutlined,
  VideoCameraOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type PointerEvent, useDeferredValue, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import type { Recording } from "../api/client";
import { cuesOf, vttText } from "../document/subtitles";
import type { Doc } from "../document/types";
import { renewMedia } from "./media";
import { followPlayer } from "./pictureClock";
import type { Player } from "./player";

const KEY = "meeting-asr.picture";
const PLACES = ["beside", "floating", "hidden"] as const;
type Place = (typeof PLACES)[number];

interface PictureProps {
  recording: Recording;
  player: Player;
  doc: Doc;
}

export function Picture({ recording, player, doc }: PictureProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [exists, setExists] = useState(false);
  const [subtitles, setSubtitles] = useState(true);
  const [place, setPlace] = useState<Place>(() => PLACES.find((one) => one === localStorage.getItem(KEY)) ?? "beside");
  const renewed = useRef(false);
  const address = pathOf(`/api/recordings/${recording.id}/video`);
  useEffect(() => followPlayer(video.current!, player), [player]);
  useSubtitles(video, doc, subtitles);

  function choose(next: Place) {
    localStorage.setItem(KEY, next);
    setPlace(next);
  }

  /** The cookie may have expired: renewed once, then the browser cannot play this video. */
  async function failed() {
    setExists(false);
    if (renewed.current) return;
    renewed.current = true;
    if (
      await renewMedia(address).then(
        () => true,
        () => false,
      )
    )
      video.current?.load();
  }

  return (
    <>
      {exists && place === "hidden" && (
        <Button size="small" icon={<VideoCameraOutlined />} onClick={() => choose("beside")}>
          {t("picture.show")}
        </Button>
      )}
      <figure ref={box} className="picture" data-place={exists ? place : "hidden"} aria-label={t("picture.name")}>
        <video
          ref={video}
          src={address}
          muted
          playsInline
          preload="auto"
          onClick={() => player.toggle()}
          onLoadedMetadata={(event) => {
            renewed.current = false;
            setExists(event.currentTarget.videoWidth > 0);
          }}
          onError={() => void failed()}
        />
        <figcaption onPointerDown={(event) => place === "floating" && box.current && drag(event, box.current)}>
          <Button
            size="small"
            type="text"
            icon={<PicCenterOutlined />}
            aria-label={t("picture.subtitles")}
            title={t("picture.subtitles")}
            aria-pressed={subtitles}
            onClick={() => setSubtitles(!subtitles)}
          />
          <Button
            size="small"
            type="text"
            icon={place === "floating" ? <PushpinOutlined /> : <SelectOutlined />}
            aria-label={t(place === "floating" ? "picture.back" : "picture.float")}
            title={t(place === "floating" ? "picture.back" : "picture.float")}
            onClick={() => choose(place === "floating" ? "beside" : "floating")}
          />
          <Button
            size="small"
            type="text"
            icon={<FullscreenOutlined />}
            aria-label={t("picture.full")}
            title={t("picture.full")}
            onClick={() => void video.current?.requestFullscreen()}
          />
          <Button
            size="small"
            type="text"
            icon={<CloseOutlined />}
            aria-label={t("picture.hide")}
            title={t("picture.hide")}
            onClick={() => choose("hidden")}
          />
        </figcaption>
      </figure>
    </>
  );
}

/** Shows the transcript on the video as a text track of its own, which follows every edit. */
function useSubtitles(video: React.RefObject<HTMLVideoElement | null>, doc: Doc, shown: boolean) {
  const { t } = useTranslation();
  const track = useRef<TextTrack | null>(null);
  const settled = useDeferredValue(doc);
  useEffect(() => {
    // A track cannot be removed from a video, so there is one for as long as the video exists.
    track.current ??= video.current!.addTextTrack("subtitles", t("picture.subtitles"), settled.language);
    const now = track.current;
    now.mode = "hidden"; // a disabled track takes no cues
    for (const cue of [...(now.cues ?? [])]) now.removeCue(cue);
    for (const { start, end, text } of cuesOf(settled)) now.addCue(new VTTCue(start, end, vttText(text)));
    now.mode = shown ? "showing" : "hidden";
  }, [video, settled, shown, t]);
}

/** Moves a floating picture with the pointer, inside the window. */
function drag(event: PointerEvent<HTMLElement>, box: HTMLElement) {
  if ((event.target as Element).closest("button")) return;
  const grip = event.currentTarget;
  const { left, top, width, height } = box.getBoundingClientRect();
  const [dx, dy] = [event.clientX - left, event.clientY - top];
  grip.setPointerCapture(event.pointerId);
  grip.onpointermove = (move) => {
    box.style.left = `${Math.max(0, Math.min(innerWidth - width, move.clientX - dx))}px`;
    box.style.top = `${Math.max(0, Math.min(innerHeight - height, move.clientY - dy))}px`;
    box.style.right = box.style.bottom = "auto";
  };
  grip.onlostpointercapture = () => {
    grip.onpointermove = null;
  };
}
