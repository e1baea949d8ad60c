// Exports the open transcript: with the last options, or through the dialog.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Space, Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { useWrittenForm } from "../app/writtenForm";
import { ExportDialog } from "./ExportDialog";
import { lastOptions } from "./options";
import { type RecordingRef, useExport } from "./useExport";

export function ExportButton({ recording, before }: { recording: RecordingRef; before: () => Promise<void> }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const form = useWrittenForm(useQuery(currentUser()).data?.id);
  const { run, busy } = useExport(form, before);
  const { format } = lastOptions(form);
  const quick = t("export.quick", { format: t(`export.${format}`) });
  return (
    <Space.Compact>
      <Button onClick={() => setOpen(true)}>{t("export.menu")}</Button>
      <Tooltip title={quick}>
        <Button
          icon={<DownloadOutlined />}
          aria-label={quick}
          loading={busy}
          onClick={() => void run([recording], lastOptions(form))}
        />
      </Tooltip>
      {open && <ExportDialog recordings={[recording]} close={() => setOpen(false)} before={before} />}
    </Space.Compact>
  );
}
