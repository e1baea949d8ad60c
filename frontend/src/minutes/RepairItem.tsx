// One suggested repair: its segments before and after, the moved text, and the decision.
import { Button, Space } from "antd";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { markMoved, type TextRun } from "../document/movedText";
import { formatTime, segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import { colorOf, useNames } from "../recording/names";
import type { SegmentLinks } from "./citations";
import type { RepairProposal } from "./repairs";

/** Characters shown on each side of a boundary. */
const CONTEXT = 28;

type Piece = RepairProposal["before"][number];

interface RepairItemProps {
  item: RepairProposal;
  doc: Doc;
  links: SegmentLinks;
  /** Whether it can be decided now. */
  open: boolean;
  /** The decision is being saved. */
  busy: boolean;
  accept: () => void;
  reject: () => void;
}

export function RepairItem({ item, doc, links, open, busy, accept, reject }: RepairItemProps) {
  const { t } = useTranslation();
  const time = formatTime(item.before[0]!.start);
  const { standing } = item;
  const marked = markMoved(item.before, item.after, CONTEXT);
  return (
    <li data-item={item.id} data-standing={standing} aria-label={t("repair.itemOf", { time })}>
      <div className="difference-head">
        <span className="repair-kind">{t(`repair.kinds.${item.kind}`)}</span>
        <small>{t(`repair.why.${item.kind}`)}</small>
      </div>
      <dl className="repair-texts">
        <dt>{t("repair.before")}</dt>
        <dd>
          <Lines pieces={item.before} stretches={marked.before} doc={doc} links={links} />
        </dd>
        <dt>{t("repair.after")}</dt>
        <dd>
          <Lines pieces={item.after} stretches={marked.after} doc={doc} links={links} />
        </dd>
      </dl>
      {standing === "open" ? (
        <Space size={6}>
          <Button
            size="small"
            type="primary"
            data-accept
            aria-label={t("repair.acceptOf", { time })}
            loading={busy}
            disabled={!open}
            onClick={accept}
          >
            {t("repair.accept")}
          </Button>
          <Button size="small" aria-label={t("repair.rejectOf", { time })} disabled={!open || busy} onClick={reject}>
            {t("repair.reject")}
          </Button>
        </Space>
      ) : (
        <div className="repair-decided">
          <em>{t(`repair.standing.${standing}`)}</em>
          {standing === "rejected" && (
            <Button
              size="small"
              type="link"
              aria-label={t("repair.acceptAnywayOf", { time })}
              loading={busy}
              disabled={!open}
              onClick={accept}
            >
              {t("repair.acceptAnyway")}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

function Lines({
  pieces,
  stretches,
  doc,
  links,
}: {
  pieces: readonly Piece[];
  stretches: TextRun[][];
  doc: Doc;
  links: SegmentLinks;
}) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  return (
    <ul>
      {pieces.map((piece, number) => (
        <li key={piece.id} style={{ "--speaker": colorOf(doc.speakers, piece.speaker) } as CSSProperties}>
          <strong>{nameOf(piece.speaker)}</strong>{" "}
          <button
            type="button"
            className="citation"
            aria-label={t("minutes.listen", { time: formatTime(piece.start) })}
            disabled={doc.segments.length === 0}
            onClick={() => links.play(segmentAtPiece(doc, links, piece))}
          >
            {formatTime(piece.start)}
          </button>
          <p>
            {stretches[number]!.map((one, place) =>
              one.moved ? (
                <mark key={place}>
                  <span className="visually-hidden">{t("repair.moved")}</span>
                  {one.text}
                </mark>
              ) : (
                <span key={place}>{one.text}</span>
              ),
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** The segment of this piece, from the piece's start; if it is gone, the segment at that time. */
function segmentAtPiece(doc: Doc, links: SegmentLinks, piece: Piece) {
  const segment = links.find(piece.id) ?? doc.segments[Math.max(0, segmentAt(doc.segments, piece.start))]!;
  return { ...segment, start: piece.start };
}
