// One proposal: its segments before and after, what goes over to whom, and what somebody says to it.
import { Button, Space } from "antd";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { clock, segmentAt } from "../document/time";
import { moved, type Stretch } from "../document/torn";
import type { Doc } from "../document/types";
import { colourOf, useNames } from "../recording/names";
import type { Places } from "./places";
import type { Item } from "./repairs";

/** Characters that are shown on either side of a cut. */
const AROUND = 28;

type Piece = Item["before"][number];

interface Shown {
  item: Item;
  doc: Doc;
  places: Places;
  /** Whether one can say something to it. */
  open: boolean;
  /** Something was said, and is on its way. */
  busy: boolean;
  accept: () => void;
  reject: () => void;
}

export function RepairItem({ item, doc, places, open, busy, accept, reject }: Shown) {
  const { t } = useTranslation();
  const time = clock(item.before[0]!.start);
  const { standing } = item;
  const marked = moved(item.before, item.after, AROUND);
  return (
    <li data-item={item.id} data-standing={standing} aria-label={t("repair.itemOf", { time })}>
      <div className="difference-head">
        <span className="repair-kind">{t(`repair.kinds.${item.kind}`)}</span>
        <small>{t(`repair.why.${item.kind}`)}</small>
      </div>
      <dl className="torn">
        <dt>{t("repair.before")}</dt>
        <dd><Lines pieces={item.before} stretches={marked.before} doc={doc} places={places} /></dd>
        <dt>{t("repair.after")}</dt>
        <dd><Lines pieces={item.after} stretches={marked.after} doc={doc} places={places} /></dd>
      </dl>
      {standing === "open" ? (
        <Space size={6}>
          <Button size="small" type="primary" data-accept aria-label={t("repair.acceptOf", { time })} loading={busy} disabled={!open} onClick={accept}>{t("repair.accept")}</Button>
          <Button size="small" aria-label={t("repair.rejectOf", { time })} disabled={!open || busy} onClick={reject}>{t("repair.reject")}</Button>
        </Space>
      ) : (
        <div className="settled">
          <em>{t(`repair.standing.${standing}`)}</em>
          {standing === "rejected" && <Button size="small" type="link" aria-label={t("repair.stillOf", { time })} loading={busy} disabled={!open} onClick={accept}>{t("repair.still")}</Button>}
        </div>
      )}
    </li>
  );
}

function Lines({ pieces, stretches, doc, places }: { pieces: readonly Piece[]; stretches: Stretch[][]; doc: Doc; places: Places }) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  return (
    <ul>
      {pieces.map((piece, number) => (
        <li key={piece.id} style={{ "--speaker": colourOf(doc.speakers, piece.speaker) } as CSSProperties}>
          <strong>{nameOf(piece.speaker)}</strong>{" "}
          <button type="button" className="cite" aria-label={t("minutes.listen", { time: clock(piece.start) })} disabled={doc.segments.length === 0} onClick={() => places.go(whereItIs(doc, places, piece))}>
            {clock(piece.start)}
          </button>
          <p>{stretches[number]!.map((one, place) => (one.moved ? <mark key={place}><span className="unseen">{t("repair.moved")}</span>{one.text}</mark> : <span key={place}>{one.text}</span>))}</p>
        </li>
      ))}
    </ul>
  );
}

/** Its segment, begun where the piece begins; where that is gone, what stands there now. */
function whereItIs(doc: Doc, places: Places, piece: Piece) {
  const segment = places.find(piece.id) ?? doc.segments[Math.max(0, segmentAt(doc.segments, piece.start))]!;
  return { ...segment, start: piece.start };
}
