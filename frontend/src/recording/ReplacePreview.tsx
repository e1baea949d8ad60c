// What would be replaced, before and after, to choose from.
import { Button, Checkbox, Modal } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { around, type Hit } from "../document/find";
import { clock } from "../document/time";
import type { Doc } from "../document/types";

/** Hits that are shown at once; those that are not shown are replaced like the others. */
const PAGE = 200;

interface Preview {
  doc: Doc;
  hits: readonly Hit[];
  text: string;
  take: (chosen: readonly Hit[]) => void;
  close: () => void;
}

export function ReplacePreview({ doc, hits, text, take, close }: Preview) {
  const { t } = useTranslation();
  const [left, setLeft] = useState<ReadonlySet<Hit>>(new Set());
  const [shown, setShown] = useState(PAGE);
  const segments = useMemo(() => new Map(doc.segments.map((segment) => [segment.id, segment])), [doc]);
  const chosen = hits.filter((hit) => !left.has(hit));

  function toggle(hit: Hit) {
    const more = new Set(left);
    if (!more.delete(hit)) more.add(hit);
    setLeft(more);
  }
  return (
    <Modal
      open
      width={640}
      title={t("replace.title")}
      okText={t("replace.take", { count: chosen.length })}
      okButtonProps={{ disabled: chosen.length === 0 }}
      onOk={() => take(chosen)}
      onCancel={close}
    >
      <Checkbox
        checked={chosen.length === hits.length}
        indeterminate={chosen.length > 0 && chosen.length < hits.length}
        onChange={(event) => setLeft(new Set(event.target.checked ? [] : hits))}
      >
        {t("replace.all", { count: hits.length })}
      </Checkbox>
      <ul className="replacements">
        {hits.slice(0, shown).map((hit) => {
          const segment = segments.get(hit.segment);
          if (!segment) return null;
          const [before, found, after] = around(segment.text, hit);
          return (
            <li key={`${hit.segment} ${hit.from}`}>
              <label>
                <input type="checkbox" checked={!left.has(hit)} onChange={() => toggle(hit)} />
                <span className="time">{clock(segment.start)}</span>
                <span>{before}<del>{found}</del><ins>{text}</ins>{after}</span>
              </label>
            </li>
          );
        })}
      </ul>
      {hits.length > shown && <Button block onClick={() => setShown(shown + PAGE)}>{t("diff.more", { count: hits.length - shown })}</Button>}
    </Modal>
  );
}
