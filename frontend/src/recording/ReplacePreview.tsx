// The preview of a replacement, in which hits can be deselected.
import { Checkbox, Modal } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ShowMore } from "../app/ShowMore";
import { excerpt, type Hit } from "../document/find";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";

/** Hits shown at first. Hits that are not shown are replaced too. */
const PAGE = 200;

interface ReplacePreviewProps {
  doc: Doc;
  hits: readonly Hit[];
  text: string;
  replace: (chosen: readonly Hit[]) => void;
  close: () => void;
}

export function ReplacePreview({ doc, hits, text, replace, close }: ReplacePreviewProps) {
  const { t } = useTranslation();
  const [excluded, setExcluded] = useState<ReadonlySet<Hit>>(new Set());
  const [shown, setShown] = useState(PAGE);
  const segments = useMemo(() => new Map(doc.segments.map((segment) => [segment.id, segment])), [doc]);
  const chosen = hits.filter((hit) => !excluded.has(hit));

  function toggle(hit: Hit) {
    const more = new Set(excluded);
    if (!more.delete(hit)) more.add(hit);
    setExcluded(more);
  }
  return (
    <Modal
      open
      width={640}
      title={t("replace.title")}
      okText={t("replace.apply", { count: chosen.length })}
      okButtonProps={{ disabled: chosen.length === 0 }}
      onOk={() => replace(chosen)}
      onCancel={close}
    >
      <Checkbox
        checked={chosen.length === hits.length}
        indeterminate={chosen.length > 0 && chosen.length < hits.length}
        onChange={(event) => setExcluded(new Set(event.target.checked ? [] : hits))}
      >
        {t("replace.all", { count: hits.length })}
      </Checkbox>
      <ul className="replacements">
        {hits.slice(0, shown).map((hit) => {
          const segment = segments.get(hit.segment);
          if (!segment) return null;
          const [before, found, after] = excerpt(segment.text, hit);
          return (
            <li key={`${hit.segment} ${hit.from}`}>
              <label>
                <input type="checkbox" checked={!excluded.has(hit)} onChange={() => toggle(hit)} />
                <span className="time">{formatTime(segment.start)}</span>
                <span>
                  {before}
                  <del>{found}</del>
                  <ins>{text}</ins>
                  {after}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
      <ShowMore left={hits.length - shown} onClick={() => setShown(shown + PAGE)} />
    </Modal>
  );
}
