// What is worth a second look, to jump to.
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { marked, type Mark } from "../document/marks";
import { clock } from "../document/time";
import type { Doc, Segment } from "../document/types";
import { MarkTag } from "./SegmentRow";

const MARKS: readonly Mark[] = ["error", "overlap", "unsure", "unknown"];

export function MarksPanel({ doc, jump }: { doc: Doc; jump: (segment: Segment) => void }) {
  const { t } = useTranslation();
  const all = useMemo(() => marked(doc), [doc]);
  const [only, setOnly] = useState<Mark | null>(null);
  const kinds = MARKS.filter((mark) => all.some((one) => one.marks.includes(mark)));
  const found = only && kinds.includes(only) ? all.filter((one) => one.marks.includes(only)) : all;
  return (
    <section className="panel">
      <h2>{t("editor.marks")} {all.length > 0 && <small>{all.length}</small>}</h2>
      {all.length === 0 && <p className="quiet">{t("editor.noMarks")}</p>}
      {kinds.length > 1 && (
        <div className="kinds" role="group" aria-label={t("editor.onlyMarks")}>
          {kinds.map((mark) => (
            <Button key={mark} size="small" type={only === mark ? "primary" : "default"} aria-pressed={only === mark} onClick={() => setOnly(only === mark ? null : mark)}>
              {t(`editor.mark.${mark}`)} {all.filter((one) => one.marks.includes(mark)).length}
            </Button>
          ))}
        </div>
      )}
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
    </section>
  );
}
