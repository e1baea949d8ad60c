// Another password, which ends every other login.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { session } from "../login/session";
import { whoAmI } from "./me";
import { samePassword } from "./passwords";

interface Passwords {
  current: string;
  fresh: string;
  again: string;
}

export function PasswordCard() {
  const { t } = useTranslation();
  const { data: me } = useQuery(whoAmI());
  const [form] = Form.useForm<Passwords>();
  const change = useDoing(
    ({ current, fresh }: Passwords) => answer(api.POST("/api/auth/password", { body: { current_password: current, new_password: fresh } })),
    {
      said: t("account.passwordChanged"),
      changes: ["logins"],
      silent: true,
      then: ({ access_token }) => {
        session.begin(access_token);
        form.resetFields();
      },
    },
  );
  return (
    <Card title={<h2>{t("account.changePassword")}</h2>}>
      <Form<Passwords> className="narrow-form" form={form} layout="vertical" requiredMark={false} onFinish={(entered) => change.mutate(entered)}>
        <input type="text" name="username" autoComplete="username" value={me?.username ?? ""} readOnly hidden />
        <Problem error={change.error} />
        <Form.Item name="current" label={t("account.current")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="fresh" label={t("account.fresh")} extra={t("account.passwordAbout")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="again" label={t("account.again")} dependencies={["fresh"]} rules={[samePassword("fresh", t("account.notAlike"))]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={change.isPending}>{t("account.changePassword")}</Button>
      </Form>
    </Card>
  );
}
