// One player for all places that were found: what plays is paused when another begins.
import { useEffect, useState, useSyncExternalStore } from "react";
import { pathOf } from "../api/basePath";
import { renewMedia } from "../recording/media";
import { Player } from "../recording/player";
import type { Place } from "./Places";

interface Playing {
  readonly recordingId: string;
  readonly segmentId: string;
}

export function usePlaces() {
  const [player] = useState(() => new Player(renewMedia));
  const [chosen, setChosen] = useState<Playing | null>(null);
  useSyncExternalStore(player.subscribe, player.snapshot);
  useEffect(() => () => player.unload(), [player]);
  return {
    playing: player.audio.paused ? null : chosen,
    problem: player.problem,
    play(recordingId: string, place: Place) {
      if (chosen?.recordingId !== recordingId || player.problem !== null)
        player.load(pathOf(`/api/recordings/${recordingId}/audio`));
      setChosen({ recordingId, segmentId: place.segment_id });
      player.seek(place.at);
      player.play();
    },
    pause: () => player.audio.pause(),
  };
}
