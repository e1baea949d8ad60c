// The dialog in which users change their own username.
import { Button, Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";

interface FormValues {
  username: string;
  password?: string;
}

export function RenameDialog({ name, close }: { name: string; close: () => void }) {
  const { t } = useTranslation();
  const rename = useAction(
    ({ username, password }: FormValues) =>
      unwrap(api.PATCH("/api/auth/me", { body: { username, password: password ?? "" } })),
    {
      successMessage: t("account.renamed"),
      invalidates: ["me"],
      silent: true,
      onDone: close,
    },
  );
  return (
    <Modal open title={t("account.rename")} onCancel={close} footer={null}>
      <p>{t("account.renameAbout")}</p>
      <Form<FormValues>
        layout="vertical"
        requiredMark={false}
        initialValues={{ username: name }}
        onFinish={(entered) => rename.mutate(entered)}
      >
        <ErrorAlert error={rename.error} />
        <Form.Item
          name="username"
          label={t("login.username")}
          rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}
        >
          <Input autoComplete="username" maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="password" label={t("account.current")} extra={t("twoFactor.passwordAbout")}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={rename.isPending}>
          {t("account.rename")}
        </Button>
      </Form>
    </Modal>
  );
}
