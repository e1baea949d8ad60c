// The form that changes the password. Changing it ends every other session.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Card, Checkbox, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { session } from "../login/session";
import { samePassword } from "./passwords";
import { apiKeys, currentUser } from "./queries";

interface Passwords {
  current: string;
  fresh: string;
  again: string;
  revokeKeys?: boolean;
}

export function PasswordCard() {
  const { t } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const { data: keys } = useQuery(apiKeys());
  const { message } = App.useApp();
  const [form] = Form.useForm<Passwords>();
  const change = useAction(
    ({ current, fresh, revokeKeys }: Passwords) =>
      unwrap(
        api.POST("/api/auth/password", {
          body: { current_password: current, new_password: fresh, revoke_keys: revokeKeys ?? false },
        }),
      ),
    {
      successMessage: t("account.passwordChanged"),
      invalidates: ["logins", "keys"],
      silent: true,
      onDone: ({ access_token, keys_left }) => {
        session.begin(access_token);
        form.resetFields();
        if (keys_left) void message.warning(t("account.keysLeft", { count: keys_left }));
      },
    },
  );
  return (
    <Card title={<h2>{t("account.changePassword")}</h2>}>
      <Form<Passwords>
        className="narrow-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(entered) => change.mutate(entered)}
      >
        <input type="text" name="username" autoComplete="username" value={me?.username ?? ""} readOnly hidden />
        <ErrorAlert error={change.error} />
        <Form.Item
          name="current"
          label={t("account.current")}
          rules={[{ required: true, message: t("login.passwordMissing") }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="fresh"
          label={t("account.fresh")}
          extra={t("account.passwordAbout")}
          rules={[{ required: true, message: t("login.passwordMissing") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t("account.again")}
          dependencies={["fresh"]}
          rules={[samePassword("fresh", t("account.mismatch"))]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {keys && keys.length > 0 && (
          <Form.Item name="revokeKeys" valuePropName="checked" extra={t("account.keysStay", { count: keys.length })}>
            <Checkbox>{t("account.revokeKeys", { count: keys.length })}</Checkbox>
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t("account.changePassword")}
        </Button>
      </Form>
    </Card>
  );
}
