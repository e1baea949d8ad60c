// The toolbar for bulk actions on the selected segments.
import { CloseOutlined, DeleteOutlined, MergeCellsOutlined, UserOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { mergeAll, remove } from "../document/edit";
import type { Doc } from "../document/types";
import { SpeakerMenu } from "./SpeakerMenu";
import { shortcutLabel } from "./shortcutLabel";
import type { Edit } from "./useEditor";
import type { SegmentSelection } from "./useSelection";

export function BulkBar({ selection, doc, edit }: { selection: SegmentSelection; doc: Doc; edit: Edit }) {
  const { t } = useTranslation();
  const [at, setAt] = useState<DOMRect | null>(null);
  const ids = [...selection.ids];
  const none = ids.length === 0;
  const joined = none ? doc : mergeAll(doc, ids);
  /** The speakers of the selected segments. */
  const speakers = new Set(doc.segments.filter((one) => selection.ids.has(one.id)).map((one) => one.speaker ?? null));
  return (
    <section className="bulk-bar" aria-label={t("bulk.name")}>
      <strong role="status">
        {none ? t("bulk.how", { key: shortcutLabel("Ctrl") }) : t("bulk.count", { count: ids.length })}
      </strong>
      <Button
        size="small"
        type="primary"
        data-bulk="speaker"
        icon={<UserOutlined />}
        disabled={none}
        aria-haspopup="menu"
        onClick={(event) => setAt(event.currentTarget.getBoundingClientRect())}
      >
        {t("bulk.speaker")}
      </Button>
      <Button
        size="small"
        icon={<MergeCellsOutlined />}
        disabled={joined === doc}
        onClick={() => edit((before) => mergeAll(before, ids))}
      >
        {t("bulk.merge")}
      </Button>
      <Button
        size="small"
        danger
        icon={<DeleteOutlined />}
        disabled={none}
        onClick={() => edit((before) => remove(before, ids))}
      >
        {t("bulk.remove")}
      </Button>
      <Button
        size="small"
        disabled={none}
        onClick={() =>
          selection.add(doc.segments.flatMap((one) => (speakers.has(one.speaker ?? null) ? [one.id] : [])))
        }
      >
        {t("bulk.sameSpeaker")}
      </Button>
      <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("bulk.end")} onClick={selection.end} />
      {at && <SpeakerMenu ids={ids} doc={doc} edit={edit} at={at} close={() => setAt(null)} />}
    </section>
  );
}
