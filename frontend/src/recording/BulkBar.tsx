// What can be done with all chosen segments at once.
import { CloseOutlined, DeleteOutlined, MergeCellsOutlined, UserOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { mergeAll, remove } from "../document/edit";
import type { Doc } from "../document/types";
import type { Choice } from "./choice";
import { signOf } from "./signs";
import { SpeakerMenu } from "./SpeakerMenu";
import type { Edit } from "./useEditor";

export function BulkBar({ choice, doc, edit }: { choice: Choice; doc: Doc; edit: Edit }) {
  const { t } = useTranslation();
  const [at, setAt] = useState<DOMRect | null>(null);
  const ids = [...choice.ids];
  const none = ids.length === 0;
  const joined = none ? doc : mergeAll(doc, ids);
  /** All segments of those who have said what is chosen. */
  const voices = new Set(doc.segments.filter((one) => choice.ids.has(one.id)).map((one) => one.speaker ?? null));
  return (
    <section className="bulk" aria-label={t("bulk.name")}>
      <strong role="status">{none ? t("bulk.how", { key: signOf("Ctrl") }) : t("bulk.count", { count: ids.length })}</strong>
      <Button size="small" type="primary" data-bulk="speaker" icon={<UserOutlined />} disabled={none} aria-haspopup="menu" onClick={(event) => setAt(event.currentTarget.getBoundingClientRect())}>{t("bulk.speaker")}</Button>
      <Button size="small" icon={<MergeCellsOutlined />} disabled={joined === doc} onClick={() => edit((before) => mergeAll(before, ids))}>{t("bulk.merge")}</Button>
      <Button size="small" danger icon={<DeleteOutlined />} disabled={none} onClick={() => edit((before) => remove(before, ids))}>{t("bulk.remove")}</Button>
      <Button size="small" disabled={none} onClick={() => choice.add(doc.segments.flatMap((one) => (voices.has(one.speaker ?? null) ? [one.id] : [])))}>{t("bulk.sameSpeaker")}</Button>
      <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("bulk.end")} onClick={choice.end} />
      {at && <SpeakerMenu ids={ids} doc={doc} edit={edit} at={at} close={() => setAt(null)} />}
    </section>
  );
}
