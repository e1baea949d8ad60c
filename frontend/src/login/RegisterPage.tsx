// The registration page, where the server allows registration.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Result } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { samePassword } from "../account/passwords";
import { api, unwrap } from "../api/client";
import { ErrorAlert } from "../app/Feedback";
import { usePageTitle } from "../app/pageTitle";
import { SignInLayout } from "./SignIn";
import { signInOptions } from "./signInOptions";

interface FormValues {
  username: string;
  password: string;
  again: string;
}

export function RegisterPage() {
  const { t } = useTranslation();
  usePageTitle(t("register.open"));
  const { data: ways } = useQuery(signInOptions());
  const register = useMutation({
    mutationFn: ({ username, password }: FormValues) =>
      unwrap(api.POST("/api/auth/register", { body: { username, password } })),
  });
  const toSignIn = <Link to="/sign-in">{t("register.toSignIn")}</Link>;
  if (ways?.registration === "off")
    return (
      <SignInLayout>
        <Result status="info" title={t("errors.registration_off")} extra={toSignIn} />
      </SignInLayout>
    );
  if (register.data?.registration === "approval") {
    return (
      <SignInLayout>
        <Result
          status="success"
          title={t("register.received")}
          subTitle={t("register.receivedAbout")}
          extra={toSignIn}
        />
      </SignInLayout>
    );
  }
  if (register.data)
    return (
      <SignInLayout>
        <Result status="success" title={t("register.ready")} subTitle={t("register.readyAbout")} extra={toSignIn} />
      </SignInLayout>
    );
  return (
    <SignInLayout>
      <Form<FormValues> layout="vertical" requiredMark={false} onFinish={(values) => register.mutate(values)}>
        {ways?.registration === "approval" && <p className="secondary">{t("register.approvalAbout")}</p>}
        <ErrorAlert error={register.error} />
        <Form.Item
          name="username"
          label={t("login.username")}
          rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}
        >
          <Input prefix={<UserOutlined />} autoComplete="username" maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("login.password")}
          extra={t("account.passwordAbout")}
          rules={[{ required: true, message: t("login.passwordMissing") }]}
        >
          <Input.Password prefix={<LockOutlined />} autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t("register.again")}
          dependencies={["password"]}
          rules={[samePassword("password", t("account.mismatch"))]}
        >
          <Input.Password prefix={<LockOutlined />} autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={register.isPending}>
          {t("register.send")}
        </Button>
      </Form>
      <p className="secondary sign-in-note">{toSignIn}</p>
    </SignInLayout>
  );
}
