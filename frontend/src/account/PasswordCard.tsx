// The form that changes the password. Changing it ends every other session.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { session } from "../login/session";
import { samePassword } from "./passwords";
import { currentUser } from "./queries";

interface Passwords {
  current: string;
  fresh: string;
  again: string;
}

export function PasswordCard() {
  const { t } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const [form] = Form.useForm<Passwords>();
  const change = useAction(
    ({ current, fresh }: Passwords) =>
      unwrap(api.POST("/api/auth/password", { body: { current_password: current, new_password: fresh } })),
    {
      successMessage: t("account.passwordChanged"),
      invalidates: ["logins"],
      silent: true,
      onDone: ({ access_token }) => {
        session.begin(access_token);
        form.resetFields();
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
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t("account.changePassword")}
        </Button>
      </Form>
    </Card>
  );
}
