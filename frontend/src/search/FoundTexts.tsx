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
  return KINDS.filter((kind) => found.texts.some((one) => one.kind === kind)).map((kind) => (
    <section key={kind} aria-labelledby={`search-${kind}`} className="search-names">
      <h2 id={`search-${kind}`}>
        {t(`search.kinds.${kind}`)} <small>{found.texts_total[kind]}</small>
      </h2>
      <FoundTextList texts={found.texts.filter((one) => one.kind === kind)} />
    </section>
  ));
}

export function FoundTextList({ texts }: { texts: readonly FoundText[] }) {
  const formats = useFormats();
  return (
    <ul>
      {texts.map(({ kind, part, recording, ...one }) => (
        <li key={`${recording.id} ${kind} ${part}`}>
          <Link to={`/recordings/${recording.id}${kind === "minutes" ? "#minutes" : ""}`}>
            {one.before && "…"}
            <Marked text={one.text} hits={one.hits} />
            {one.after && "…"}
          </Link>{" "}
          <small>
            {kind !== "name" && `${titleOf(recording.name)} · `}
            {formats.date(recording.created_at)}
          </small>
        </li>
      ))}
    </ul>
  );
}
