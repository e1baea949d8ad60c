// The share links of one recording, behind a button.
import { ShareAltOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Named } from "../exports/take";
import { ShareDialog } from "./ShareDialog";

export function ShareButton({ recording }: { recording: Named }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={<ShareAltOutlined aria-hidden />} onClick={() => setOpen(true)}>{t("share.menu")}</Button>
      {open && <ShareDialog recording={recording} close={() => setOpen(false)} />}
    </>
  );
}
