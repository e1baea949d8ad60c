// A dialog that asks for one name.
import { Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

interface NameDialogProps {
  readonly title: string;
  readonly name?: string;
  readonly busy: boolean;
  readonly save: (name: string) => void;
  readonly close: () => void;
}

export function NameDialog({ title, name = "", busy, save, close }: NameDialogProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(name);
  const ready = typed.trim() !== "";
  return (
    <Modal
      open
      title={title}
      okText={t("app.save")}
      okButtonProps={{ disabled: !ready }}
      confirmLoading={busy}
      onCancel={close}
      onOk={() => save(typed)}
    >
      <Input
        value={typed}
        maxLength={64}
        autoFocus
        aria-label={t("organize.nameField")}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={() => ready && save(typed)}
      />
    </Modal>
  );
}
