// The button that opens the share dialog.
import { ShareAltOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingRef } from "../exports/useExport";
import { ShareDialog } from "./ShareDialog";

export function ShareButton({ recording }: { recording: RecordingRef }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={<ShareAltOutlined aria-hidden />} onClick={() => setOpen(true)}>
        {t("share.menu")}
      </Button>
      {open && <ShareDialog recording={recording} close={() => setOpen(false)} />}
    </>
  );
}
