// From a statement to where it was said.
import { useTranslation } from "react-i18next";
import { clock } from "../document/time";
import type { Segment } from "../document/types";

export interface Places {
  /** The segment, if it is still in the document. */
  find(id: string): Segment | undefined;
  /** What a speaker is called now; none where there is no such speaker any more. */
  nameOf(speaker: string): string | null;
  /** Show it and play it. */
  go(segment: Segment): void;
}

/** Shown at once; minutes of hours may rest on dozens. */
const MOST = 6;

export function Evidence({ ids, places }: { ids: readonly string[]; places: Places }) {
  return (
    <span className="evidence">
      {ids.slice(0, MOST).map((id) => <Cite key={id} id={id} places={places} />)}
      {ids.length > MOST && (
        <details>
          <summary>+{ids.length - MOST}</summary>
          {ids.slice(MOST).map((id) => <Cite key={id} id={id} places={places} />)}
        </details>
      )}
    </span>
  );
}

export function Cite({ id, places, label }: { id: string; places: Places; label?: string }) {
  const { t } = useTranslation();
  const segment = places.find(id);
  if (!segment) return <span className="cite" aria-disabled title={t("minutes.gone")}>{label ?? "–"}</span>;
  const time = clock(segment.start);
  return (
    <button type="button" className="cite" aria-label={t("minutes.listen", { time })} title={segment.text.slice(0, 200)} onClick={() => places.go(segment)}>
      {label ?? time}
    </button>
  );
}
