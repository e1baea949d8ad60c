// The dialogs that create a user and reset a password.
import { Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import { type Account, api, type Role, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";

interface FormValues {
  username: string;
  password: string;
  role: Role;
}

export function NewUserDialog({ roles, close }: { roles: { value: Role; label: string }[]; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<FormValues>();
  const save = useAction((body: FormValues) => unwrap(api.POST("/api/admin/users", { body })), {
    successMessage: t("users.created"),
    invalidates: ["users"],
    silent: true,
    onDone: close,
  });
  return (
    <Modal
      open
      title={t("users.create")}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      <Form<FormValues>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ role: "user" }}
        onFinish={(entered) => save.mutate(entered)}
      >
        <ErrorAlert error={save.error} />
        <Form.Item
          name="username"
          label={t("login.username")}
          rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}
        >
          <Input autoComplete="off" maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("login.password")}
          extra={t("account.passwordAbout")}
          rules={[{ required: true, message: t("login.passwordMissing") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="role" label={t("users.role")}>
          <Select options={roles} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function PasswordDialog({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<{ password: string }>();
  const save = useAction(
    (body: { password: string }) =>
      unwrap(api.POST("/api/admin/users/{user_id}/password", { params: { path: { user_id: account.id } }, body })),
    {
      successMessage: t("users.passwordReset"),
      silent: true,
      onDone: close,
    },
  );
  return (
    <Modal
      open
      title={t("users.resetPasswordOf", { name: account.username })}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      <Form<{ password: string }>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(entered) => save.mutate(entered)}
      >
        <ErrorAlert error={save.error} />
        <Form.Item
          name="password"
          label={t("account.fresh")}
          extra={`${t("account.passwordAbout")} ${t("users.passwordResetAbout")}`}
          rules={[{ required: true, message: t("login.passwordMissing") }]}
        >
          <Input.Password autoComplete="new-password" autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  );
}
