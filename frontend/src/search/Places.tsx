// The places of one recording: what was said around each hit, played from the second it is said.
import { CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { formatTime } from "../document/time";

/** Hits are ranges of code points of the text. */
export type Place = Omit<Schemas["FoundPlace"], "hits"> & { readonly hits: readonly (readonly number[])[] };

interface PlacesProps {
  recordingId: string;
  places: readonly Place[];
  /** The segment that is played now, of this recording. */
  playing: string | null;
  play: (place: Place) => void;
  pause: () => void;
}

export function Places({ recordingId, places, playing, play, pause }: PlacesProps) {
  const { t } = useTranslation();
  return (
    <ul className="places">
      {places.map((place) => {
        const time = formatTime(place.at);
        return (
          <li key={place.segment_id}>
            {playing === place.segment_id ? (
              <Button type="text" icon={<PauseOutlined />} aria-label={t("search.pause")} onClick={pause} />
            ) : (
              <Button
                type="text"
                icon={<CaretRightOutlined />}
                aria-label={t("search.playFrom", { time })}
                onClick={() => play(place)}
              />
            )}
            <Link to={`/recordings/${recordingId}#at=${place.at.toFixed(2)}`}>
              <time>{time}</time>
              {place.speaker !== null && <strong>{place.speaker}</strong>}
              <span className="place-text">
                {place.before && "…"}
                <Marked text={place.text} hits={place.hits} />
                {place.after && "…"}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

export function Marked({ text, hits }: Pick<Place, "text" | "hits">) {
  const characters = [...text];
  const between = (from: number | undefined, to?: number) => characters.slice(from, to).join("");
  return (
    <>
      {hits.map(([from, to], number) => (
        <span key={from}>
          {between(hits[number - 1]?.[1] ?? 0, from)}
          <mark>{between(from, to)}</mark>
        </span>
      ))}
      {between(hits.at(-1)?.[1] ?? 0)}
    </>
  );
}
