// The difference between two documents.
import { Empty } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ShowMore } from "../app/ShowMore";
import { difference, type SegmentChange, type SpeakerChange } from "../document/diff";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";
import { DiffText } from "./DiffText";
import { useNames } from "./names";

/** Changes shown at first. */
const PAGE = 200;

export function Difference({ before, after, go }: { before: Doc; after: Doc; go?: (segment: string) => void }) {
  const { t } = useTranslation();
  const { speakers, segments } = useMemo(() => difference(before, after), [before, after]);
  const [shown, setShown] = useState(PAGE);
  const was = useNames(before.speakers);
  const is = useNames(after.speakers);
  if (speakers.length + segments.length === 0)
    return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("diff.none")} />;

  const called = (change: SpeakerChange) => {
    if (change.after === undefined) return t("diff.speakerGone", { name: was(change.id) });
    if (change.before === undefined) return t("diff.speakerCame", { name: is(change.id) });
    return t("diff.speakerNamed", { before: was(change.id), after: is(change.id) });
  };
  const kind = (change: SegmentChange) => (change.before ? (change.after ? null : t("diff.gone")) : t("diff.came"));
  return (
    <>
      <p className="secondary" role="status">
        {t("diff.count", { count: segments.length })}
      </p>
      {speakers.length > 0 && (
        <ul className="difference">
          {speakers.map((change) => (
            <li key={change.id}>{called(change)}</li>
          ))}
        </ul>
      )}
      <ol className="difference">
        {segments.slice(0, shown).map((change) => {
          const segment = change.after ?? change.before!;
          const stays = change.after !== null && go;
          return (
            <li key={segment.id}>
              <div className="difference-head">
                {stays ? (
                  <button type="button" className="citation" onClick={() => go(segment.id)}>
                    {formatTime(segment.start)}
                  </button>
                ) : (
                  <span className="time">{formatTime(segment.start)}</span>
                )}
                {change.speaker ? (
                  <span>
                    <del>{was(change.before!.speaker)}</del> → <ins>{is(change.after!.speaker)}</ins>
                  </span>
                ) : (
                  <span>{change.after ? is(segment.speaker) : was(segment.speaker)}</span>
                )}
                {kind(change) && <em>{kind(change)}</em>}
              </div>
              <p>
                <DiffText pieces={change.pieces} />
              </p>
            </li>
          );
        })}
      </ol>
      <ShowMore left={segments.length - shown} onClick={() => setShown(shown + PAGE)} />
    </>
  );
}
