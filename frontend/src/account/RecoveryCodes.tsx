// The recovery codes, shown once, to copy or to save as a file.
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Modal, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { saveFile } from "../app/saveFile";

export function RecoveryCodes({ codes, title, close }: { codes: readonly string[]; title: string; close: () => void }) {
  const { t } = useTranslation();
  const text = codes.join("\n");
  return (
    <Modal
      open
      title={t("twoFactor.codes")}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={close}>
          {t("twoFactor.saved")}
        </Button>
      }
    >
      <Alert className="spaced" type="success" showIcon title={title} description={t("twoFactor.codesAbout")} />
      <ul className="recovery-codes secret" aria-label={t("twoFactor.codes")}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Typography.Text copyable={{ text }}>{t("app.copy")}</Typography.Text>{" "}
      <Button
        type="link"
        icon={<DownloadOutlined />}
        onClick={() => saveFile("meeting-asr-recovery-codes.txt", new Blob([`${text}\n`], { type: "text/plain" }))}
      >
        {t("app.download")}
      </Button>
    </Modal>
  );
}
