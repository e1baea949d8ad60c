// Another name to sign in with, given to oneself.
import { Button, Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";

interface Entered {
  username: string;
  password?: string;
}

export function RenameDialog({ name, close }: { name: string; close: () => void }) {
  const { t } = useTranslation();
  const rename = useDoing(({ username, password }: Entered) => answer(api.PATCH("/api/auth/me", { body: { username, password: password ?? "" } })), {
    said: t("account.renamed"),
    changes: ["me"],
    silent: true,
    then: close,
  });
  return (
    <Modal open title={t("account.rename")} onCancel={close} footer={null}>
      <p>{t("account.renameAbout")}</p>
      <Form<Entered> layout="vertical" requiredMark={false} initialValues={{ username: name }} onFinish={(entered) => rename.mutate(entered)}>
        <Problem error={rename.error} />
        <Form.Item name="username" label={t("login.username")} rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}>
          <Input autoComplete="username" maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="password" label={t("account.current")} extra={t("twoFactor.passwordAbout")}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={rename.isPending}>{t("account.rename")}</Button>
      </Form>
    </Modal>
  );
}
