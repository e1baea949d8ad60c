// Links from statements to the segments they cite.
import { useTranslation } from "react-i18next";
import { formatTime } from "../document/time";
import type { Segment } from "../document/types";

export interface SegmentLinks {
  /** The segment with this id, if it is still in the document. */
  find(id: string): Segment | undefined;
  /** The current name of a speaker; null if the speaker no longer exists. */
  nameOf(speaker: string): string | null;
  /** The segments in which this was said, in order. */
  saying(text: string): readonly Segment[];
  /** Shows the segment and plays it. */
  play(segment: Segment): void;
}

/** Citations shown before "more": a statement may cite dozens. */
const MAX_SHOWN = 6;

export function Citations({ ids, links }: { ids: readonly string[]; links: SegmentLinks }) {
  return (
    <span className="evidence">
      {ids.slice(0, MAX_SHOWN).map((id) => (
        <Citation key={id} id={id} links={links} />
      ))}
      {ids.length > MAX_SHOWN && (
        <details>
          <summary>+{ids.length - MAX_SHOWN}</summary>
          {ids.slice(MAX_SHOWN).map((id) => (
            <Citation key={id} id={id} links={links} />
          ))}
        </details>
      )}
    </span>
  );
}

export function Citation({ id, links, label }: { id: string; links: SegmentLinks; label?: string }) {
  const { t } = useTranslation();
  const segment = links.find(id);
  if (!segment)
    return (
      <span className="citation" aria-disabled title={t("minutes.gone")}>
        {label ?? "–"}
      </span>
    );
  const time = formatTime(segment.start);
  return (
    <button
      type="button"
      className="citation"
      aria-label={t("minutes.listen", { time })}
      title={segment.text.slice(0, 200)}
      onClick={() => links.play(segment)}
    >
      {label ?? time}
    </button>
  );
}
