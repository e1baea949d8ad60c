// Names of recordings and speakers, and statements of minutes, each under its label.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useFormats } from "../app/formats";
import { titleOf } from "../app/recordingTitle";
import { Marked, type Place } from "./Places";

export type FoundText = Omit<Schemas["FoundName"], "hits"> & Pick<Place, "hits">;

interface FoundTextsProps {
  found: Pick<Schemas["SearchResult"], "texts_total"> & { readonly texts: readonly FoundText[] };
}

const KINDS = ["name", "speaker", "minutes"] as const;

export function FoundTexts({ found }: FoundTextsProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  return KINDS.filter((kind) => found.texts.some((one) => one.kind === kind)).map((kind) => (
    <section key={kind} aria-labelledby={`search-${kind}`} className="search-names">
      <h2 id={`search-${kind}`}>
        {t(`search.kinds.${kind}`)} <small>{found.texts_total[kind]}</small>
      </h2>
      <ul>
        {found.texts
          .filter((one) => one.kind === kind)
          .map((one) => (
            <li key={`${one.recording.id} ${one.part}`}>
              <Link to={`/recordings/${one.recording.id}${kind === "minutes" ? "#minutes" : ""}`}>
                {one.before && "…"}
                <Marked text={one.text} hits={one.hits} />
                {one.after && "…"}
              </Link>{" "}
              <small>
                {kind !== "name" && `${titleOf(one.recording.name)} · `}
                {formats.date(one.recording.created_at)}
              </small>
            </li>
          ))}
      </ul>
    </section>
  ));
}
