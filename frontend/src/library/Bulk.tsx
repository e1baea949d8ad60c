// What can be done with several recordings at once.
import { CloseOutlined, DeleteOutlined, ExportOutlined, ReloadOutlined, StopOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "../api/client";
import { ExportDialog } from "../exports/ExportDialog";
import { cancel, isOpen, isOver, retry } from "./jobs";
import { useEach, useTrash } from "./trash";

export interface Chosen {
  readonly id: string;
  readonly name: string;
  readonly job: Job | undefined;
}

export function Bulk({ chosen, clear }: { chosen: readonly Chosen[]; clear: () => void }) {
  const { t } = useTranslation();
  const [exporting, setExporting] = useState(false);
  const [busy, setBusy] = useState(false);
  const each = useEach();
  const trash = useTrash();
  const jobs = chosen.flatMap(({ job }) => job ?? []);
  const open = jobs.filter(isOpen);
  const over = jobs.filter(isOver);
  const written = chosen.filter(({ job }) => job?.status === "done");

  async function act(work: () => Promise<unknown>) {
    setBusy(true);
    await work();
    setBusy(false);
    clear();
  }

  return (
    <div className="bulk" role="toolbar" aria-label={t("library.bulk")}>
      <strong role="status">{t("library.chosen", { count: chosen.length })}</strong>
      <Button icon={<ExportOutlined />} disabled={written.length === 0} onClick={() => setExporting(true)}>{t("export.menu")}</Button>
      {over.length > 0 && <Button icon={<ReloadOutlined />} loading={busy} onClick={() => void act(() => each(over.map((job) => job.id), retry))}>{t("library.retry")}</Button>}
      {open.length > 0 && <Button icon={<StopOutlined />} loading={busy} onClick={() => void act(() => each(open.map((job) => job.id), cancel))}>{t("library.cancel")}</Button>}
      <Button danger icon={<DeleteOutlined />} loading={busy} onClick={() => void act(() => trash(chosen.map(({ id }) => id)))}>{t("library.delete")}</Button>
      <Button type="text" icon={<CloseOutlined />} onClick={clear}>{t("library.clearChosen")}</Button>
      {exporting && <ExportDialog recordings={written.map(({ id, name }) => ({ id, name }))} close={() => setExporting(false)} />}
    </div>
  );
}
