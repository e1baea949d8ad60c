// The actions on several recordings at once.
import {
  CloseOutlined,
  DeleteOutlined,
  ExportOutlined,
  FolderOutlined,
  RedoOutlined,
  ReloadOutlined,
  StopOutlined,
  TagOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job, Schemas } from "../api/client";
import { ExportDialog, MoveDialog, TagDialog, TranscribeAgainDialog } from "./dialogs";
import { cancel, isOpen, isRetryable, retry } from "./jobs";
import { useForEach, useMoveToTrash } from "./trash";

export interface SelectedRecording {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly Schemas["TagOut"][];
  readonly job: Job | undefined;
}

export function BulkActions({ chosen, clear }: { chosen: readonly SelectedRecording[]; clear: () => void }) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<"export" | "again" | "tag" | "move" | null>(null);
  const closeDialog = () => setDialog(null);
  const [busy, setBusy] = useState(false);
  const each = useForEach();
  const trash = useMoveToTrash();
  const jobs = chosen.flatMap(({ job }) => job ?? []);
  const open = jobs.filter(isOpen);
  const retryable = jobs.filter(isRetryable);
  const idle = chosen.filter(({ job }) => !job || !isOpen(job));
  const exportable = chosen.filter(({ job }) => job?.status === "done");

  async function act(work: () => Promise<unknown>) {
    setBusy(true);
    await work();
    setBusy(false);
    clear();
  }

  return (
    <div className="bulk-bar" role="toolbar" aria-label={t("library.bulk")}>
      <strong role="status">{t("library.chosen", { count: chosen.length })}</strong>
      <Button icon={<ExportOutlined />} disabled={exportable.length === 0} onClick={() => setDialog("export")}>
        {t("export.menu")}
      </Button>
      <Button icon={<TagOutlined />} onClick={() => setDialog("tag")}>
        {t("organize.tag")}
      </Button>
      <Button icon={<FolderOutlined />} onClick={() => setDialog("move")}>
        {t("organize.move")}
      </Button>
      {retryable.length > 0 && (
        <Button
          icon={<ReloadOutlined />}
          loading={busy}
          onClick={() =>
            void act(() =>
              each(
                retryable.map((job) => job.id),
                retry,
              ),
            )
          }
        >
          {t("library.retry")}
        </Button>
      )}
      {open.length > 0 && (
        <Button
          icon={<StopOutlined />}
          loading={busy}
          onClick={() =>
            void act(() =>
              each(
                open.map((job) => job.id),
                cancel,
              ),
            )
          }
        >
          {t("library.cancel")}
        </Button>
      )}
      {idle.length > 0 && (
        <Button icon={<RedoOutlined />} onClick={() => setDialog("again")}>
          {t("library.transcribeAgain")}
        </Button>
      )}
      <Button
        danger
        icon={<DeleteOutlined />}
        loading={busy}
        onClick={() => void act(() => trash(chosen.map(({ id }) => id)))}
      >
        {t("library.delete")}
      </Button>
      <Button type="text" icon={<CloseOutlined />} onClick={clear}>
        {t("library.clearChosen")}
      </Button>
      {dialog === "again" && <TranscribeAgainDialog recordings={idle} close={closeDialog} />}
      {dialog === "export" && (
        <ExportDialog recordings={exportable.map(({ id, name }) => ({ id, name }))} close={closeDialog} />
      )}
      {dialog === "tag" && <TagDialog recordings={chosen} done={clear} close={closeDialog} />}
      {dialog === "move" && (
        <MoveDialog recordings={chosen.map(({ id }) => id)} now={null} done={clear} close={closeDialog} />
      )}
    </div>
  );
}
