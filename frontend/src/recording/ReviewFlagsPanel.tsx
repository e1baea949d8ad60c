// The panel with the review flags of the transcript.
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { flaggedSegments, type ReviewFlag } from "../document/reviewFlags";
import { formatTime } from "../document/time";
import type { Doc, Segment } from "../document/types";
import { ReviewFlagTag } from "./SegmentRow";

const FLAGS: readonly ReviewFlag[] = ["error", "text", "overlap", "unsure", "unknown"];

export function ReviewFlagsPanel({ doc, jump }: { doc: Doc; jump: (segment: Segment) => void }) {
  const { t } = useTranslation();
  const all = useMemo(() => flaggedSegments(doc), [doc]);
  const [filter, setFilter] = useState<ReviewFlag | null>(null);
  const kinds = FLAGS.filter((flag) => all.some((one) => one.flags.includes(flag)));
  const found = filter && kinds.includes(filter) ? all.filter((one) => one.flags.includes(filter)) : all;
  return (
    <section className="panel">
      <h2>
        {t("editor.reviewFlags")} {all.length > 0 && <small>{all.length}</small>}
      </h2>
      {all.length === 0 && <p className="secondary">{t("editor.noReviewFlags")}</p>}
      {kinds.length > 1 && (
        <div className="kind-filter" role="group" aria-label={t("editor.filterReviewFlags")}>
          {kinds.map((flag) => (
            <Button
              key={flag}
              size="small"
              type={filter === flag ? "primary" : "default"}
              aria-pressed={filter === flag}
              onClick={() => setFilter(filter === flag ? null : flag)}
            >
              {t(`editor.reviewFlag.${flag}`)} {all.filter((one) => one.flags.includes(flag)).length}
            </Button>
          ))}
        </div>
      )}
      <ul className="review-flags">
        {found.map(({ segment, flags }) => (
          <li key={segment.id}>
            <button type="button" onClick={() => jump(segment)}>
              <span className="time">{formatTime(segment.start)}</span>
              {flags.map((flag) => (
                <ReviewFlagTag key={flag} flag={flag} />
              ))}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
