// What is different between two documents, to read.
import { Button, Empty } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { difference, type SegmentChange, type SpeakerChange } from "../document/diff";
import { clock } from "../document/time";
import type { Doc } from "../document/types";
import { useNames } from "./names";
import { Pieces } from "./Pieces";

/** Changes that are shown at once. */
const PAGE = 200;

export function Difference({ before, after, go }: { before: Doc; after: Doc; go?: (segment: string) => void }) {
  const { t } = useTranslation();
  const { speakers, segments } = useMemo(() => difference(before, after), [before, after]);
  const [shown, setShown] = useState(PAGE);
  const was = useNames(before.speakers);
  const is = useNames(after.speakers);
  if (speakers.length + segments.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("diff.none")} />;

  const called = (change: SpeakerChange) => {
    if (change.after === undefined) return t("diff.speakerGone", { name: was(change.id) });
    if (change.before === undefined) return t("diff.speakerCame", { name: is(change.id) });
    return t("diff.speakerNamed", { before: was(change.id), after: is(change.id) });
  };
  const kind = (change: SegmentChange) => (change.before ? (change.after ? null : t("diff.gone")) : t("diff.came"));
  return (
    <>
      <p className="quiet" role="status">{t("diff.count", { count: segments.length })}</p>
      {speakers.length > 0 && <ul className="difference">{speakers.map((change) => <li key={change.id}>{called(change)}</li>)}</ul>}
      <ol className="difference">
        {segments.slice(0, shown).map((change) => {
          const segment = change.after ?? change.before!;
          const stays = change.after !== null && go;
          return (
            <li key={segment.id}>
              <div className="difference-head">
                {stays ? <button type="button" className="cite" onClick={() => go(segment.id)}>{clock(segment.start)}</button> : <span className="time">{clock(segment.start)}</span>}
                {change.speaker ? <span><del>{was(change.before!.speaker)}</del> → <ins>{is(change.after!.speaker)}</ins></span> : <span>{change.after ? is(segment.speaker) : was(segment.speaker)}</span>}
                {kind(change) && <em>{kind(change)}</em>}
              </div>
              <p><Pieces pieces={change.pieces} /></p>
            </li>
          );
        })}
      </ol>
      {segments.length > shown && <Button block onClick={() => setShown(shown + PAGE)}>{t("diff.more", { count: segments.length - shown })}</Button>}
    </>
  );
}
