// One's own account: who one is, another password, and the end of every login.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Descriptions, Form, Input, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMessages } from "../api/messages";
import { session } from "../login/session";
import { whoAmI } from "./me";

interface Passwords {
  current: string;
  fresh: string;
  again: string;
}

export function AccountPage() {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  const { data: me } = useQuery(whoAmI());
  const [form] = Form.useForm<Passwords>();
  const change = useMutation({
    mutationFn: ({ current, fresh }: Passwords) => answer(api.POST("/api/auth/password", { body: { current_password: current, new_password: fresh } })),
    onSuccess: ({ access_token }) => {
      session.begin(access_token);
      form.resetFields();
      void message.success(t("account.passwordChanged"));
    },
    onError: messages.tell,
  });
  const leave = useMutation({
    mutationFn: () => answer(api.POST("/api/auth/logout-everywhere")),
    onSuccess: () => {
      session.end();
      queries.clear();
    },
    onError: messages.tell,
  });
  return (
    <section className="page narrow">
      <header className="page-head"><h1>{t("app.account")}</h1></header>
      <Card title={t("account.profile")}>
        {me && (
          <Descriptions
            column={1}
            items={[
              { key: "name", label: t("login.username"), children: me.username },
              { key: "role", label: t("users.role"), children: t(`roles.${me.role}`) },
              { key: "since", label: t("users.since"), children: new Intl.DateTimeFormat(i18n.language, { dateStyle: "long" }).format(new Date(me.created_at)) },
            ]}
          />
        )}
      </Card>
      <Card title={t("account.changePassword")}>
        <Form<Passwords> form={form} layout="vertical" requiredMark={false} onFinish={(entered) => change.mutate(entered)}>
          <input type="text" name="username" autoComplete="username" value={me?.username ?? ""} readOnly hidden />
          <Form.Item name="current" label={t("account.current")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Form.Item name="fresh" label={t("account.fresh")} extra={t("account.passwordAbout")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Form.Item
            name="again"
            label={t("account.again")}
            dependencies={["fresh"]}
            rules={[{ validator: (_, again) => (again === form.getFieldValue("fresh") ? Promise.resolve() : Promise.reject(new Error(t("account.notAlike")))) }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={change.isPending}>{t("account.changePassword")}</Button>
        </Form>
      </Card>
      <Card title={t("account.logins")}>
        <p>{t("account.loginsAbout")}</p>
        <Popconfirm title={t("account.leaveSure")} onConfirm={() => leave.mutate()} okText={t("account.leaveEverywhere")}>
          <Button danger loading={leave.isPending}>{t("account.leaveEverywhere")}</Button>
        </Popconfirm>
      </Card>
    </section>
  );
}
