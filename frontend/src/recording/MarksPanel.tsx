// What is worth a second look, to jump to.
import { useTranslation } from "react-i18next";
import { marked } from "../document/marks";
import { clock } from "../document/time";
import type { Doc, Segment } from "../document/types";
import { ROOMY } from "./names";
import { MarkTag } from "./SegmentRow";

export function MarksPanel({ doc, jump }: { doc: Doc; jump: (segment: Segment) => void }) {
  const { t } = useTranslation();
  const found = marked(doc);
  return (
    <details className="panel" open={ROOMY.matches}>
      <summary><h2>{t("editor.marks")} {found.length > 0 && <small>{found.length}</small>}</h2></summary>
      {found.length === 0 && <p className="quiet">{t("editor.noMarks")}</p>}
      <ul className="marks">
        {found.map(({ segment, marks }) => (
          <li key={segment.id}>
            <button type="button" onClick={() => jump(segment)}>
              <span className="time">{clock(segment.start)}</span>
              {marks.map((mark) => <MarkTag key={mark} mark={mark} />)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
