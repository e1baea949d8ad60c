// What sounds like the words, below what has the words themselves.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type Schemas, unwrap } from "../api/client";
import { titleOf } from "../app/recordingTitle";
import { type FoundText, FoundTextList } from "./FoundTexts";
import { type Place, Places } from "./Places";
import type { usePlaces } from "./usePlaces";
import { filtersOf, type View } from "./view";

type SoundsProps = { view: View } & Pick<ReturnType<typeof usePlaces>, "play" | "pause" | "playing">;

type Found = Omit<Schemas["SoundsResult"], "groups" | "texts"> & {
  readonly groups: readonly (Omit<Schemas["FoundGroup"], "places"> & { readonly places: readonly Place[] })[];
  readonly texts: readonly FoundText[];
};

export function Sounds({ view, play, pause, playing }: SoundsProps) {
  const { t } = useTranslation();
  const query = filtersOf(view);
  const sounds = useQuery({
    queryKey: ["search", "sounds", query],
    queryFn: () => unwrap(api.GET("/api/search/sounds", { params: { query } })),
  });
  const found: Found | undefined = sounds.data;
  if (!found || (found.groups.length === 0 && found.texts.length === 0)) return null;
  return (
    <section aria-labelledby="search-sounds">
      <h2 id="search-sounds" className="search-part">
        {t("search.sounds")} <small>{found.places + found.texts.length}</small>
      </h2>
      {found.texts.length > 0 && (
        <div className="search-names">
          <FoundTextList texts={found.texts} />
        </div>
      )}
      {found.groups.map(({ recording, places }) => (
        <article key={recording.id} className="search-group" aria-labelledby={`sounds-${recording.id}`}>
          <h3 id={`sounds-${recording.id}`}>
            <Link to={`/recordings/${recording.id}`}>{titleOf(recording.name)}</Link>
          </h3>
          <Places
            recordingId={recording.id}
            places={places}
            playing={playing?.recordingId === recording.id ? playing.segmentId : null}
            play={(place) => play(recording.id, place)}
            pause={pause}
          />
        </article>
      ))}
    </section>
  );
}
