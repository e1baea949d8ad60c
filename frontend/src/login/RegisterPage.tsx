// Asking for an account, as far as the server lets strangers do so.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Result } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { samePassword } from "../account/passwords";
import { answer, api } from "../api/client";
import { Problem } from "../app/Notice";
import { Doorstep } from "./SignIn";
import { waysIn } from "./ways";

interface Wish {
  username: string;
  password: string;
  again: string;
}

export function RegisterPage() {
  const { t } = useTranslation();
  const { data: ways } = useQuery(waysIn());
  const ask = useMutation({
    mutationFn: ({ username, password }: Wish) => answer(api.POST("/api/auth/register", { body: { username, password } })),
  });
  const toSignIn = <Link to="/sign-in">{t("register.toSignIn")}</Link>;
  if (ways?.registration === "off") return <Doorstep><Result status="info" title={t("errors.registration_off")} extra={toSignIn} /></Doorstep>;
  if (ask.data?.registration === "approval") {
    return <Doorstep><Result status="success" title={t("register.received")} subTitle={t("register.receivedAbout")} extra={toSignIn} /></Doorstep>;
  }
  if (ask.data) return <Doorstep><Result status="success" title={t("register.ready")} subTitle={t("register.readyAbout")} extra={toSignIn} /></Doorstep>;
  return (
    <Doorstep>
      <Form<Wish> layout="vertical" requiredMark={false} onFinish={(wish) => ask.mutate(wish)}>
        {ways?.registration === "approval" && <p className="quiet">{t("register.approvalAbout")}</p>}
        <Problem error={ask.error} />
        <Form.Item name="username" label={t("login.username")} rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}>
          <Input prefix={<UserOutlined />} autoComplete="username" maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="password" label={t("login.password")} extra={t("account.passwordAbout")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
          <Input.Password prefix={<LockOutlined />} autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="again" label={t("register.again")} dependencies={["password"]} rules={[samePassword("password", t("account.notAlike"))]}>
          <Input.Password prefix={<LockOutlined />} autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={ask.isPending}>{t("register.send")}</Button>
      </Form>
      <p className="quiet doorstep-note">{toSignIn}</p>
    </Doorstep>
  );
}
