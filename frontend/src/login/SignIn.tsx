// Signing in: as a page of its own, and as a window over the page when a session has ended.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Form, Input, Modal, Typography } from "antd";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useSearchParams } from "react-router";
import { answer, api, ApiError, type Account } from "../api/client";
import { useMessages } from "../api/messages";
import { Preferences } from "../app/Preferences";
import { session } from "./session";

export function SignInPage() {
  const { t } = useTranslation();
  const { token } = useSyncExternalStore(session.subscribe, session.snapshot);
  const [search] = useSearchParams();
  const next = search.get("next") ?? "/";
  if (token) return <Navigate to={/^\/(?![/\\])/.test(next) ? next : "/"} replace />;
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <header>
          <img src="/icon.svg" alt="" width={44} height={44} />
          <Typography.Title level={1}>{t("app.name")}</Typography.Title>
          <Typography.Paragraph type="secondary">{t("app.about")}</Typography.Paragraph>
        </header>
        <SignInForm />
      </Card>
      <Preferences />
    </main>
  );
}

export function SessionEnded() {
  const { t } = useTranslation();
  const { expired } = useSyncExternalStore(session.subscribe, session.snapshot);
  const known = useQueryClient().getQueryData<Account>(["me"]);
  return (
    <Modal open={expired} title={t("login.ended")} footer={null} closable={false} keyboard={false} mask={{ closable: false }} destroyOnHidden>
      <Typography.Paragraph>{t("login.endedAbout")}</Typography.Paragraph>
      <SignInForm username={known?.username} />
      <Button type="link" onClick={() => session.end()}>{t("login.signOutInstead")}</Button>
    </Modal>
  );
}

type Entered = { username: string; password: string; code?: string };

function SignInForm({ username }: { username?: string }) {
  const { t } = useTranslation();
  const messages = useMessages();
  const signIn = useMutation({
    mutationFn: async (entered: Entered) => {
      const { code, ...known } = entered;
      const body = new URLSearchParams(code ? { ...known, code } : known);
      const asked = api.POST("/api/auth/login", {
        body: { ...known, scope: "" },
        bodySerializer: () => body,
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      return await answer(asked);
    },
    onSuccess: ({ access_token }) => session.begin(access_token),
  });
  // Once the password was right, the code of the authenticator is asked for beside it.
  const [twoFactor, setTwoFactor] = useState(false);
  const needsCode = signIn.error instanceof ApiError && signIn.error.code === "second_factor_needed";
  if (needsCode && !twoFactor) setTwoFactor(true);
  return (
    <Form<Entered> layout="vertical" requiredMark={false} initialValues={{ username }} onFinish={(entered) => signIn.mutate(entered)}>
      {signIn.isError && !needsCode && <Alert className="spaced" type="error" showIcon title={messages.of(signIn.error)} role="alert" />}
      <Form.Item name="username" label={t("login.username")} rules={[{ required: true, message: t("login.usernameMissing") }]}>
        <Input prefix={<UserOutlined />} autoComplete="username" autoFocus={!username} disabled={Boolean(username)} />
      </Form.Item>
      <Form.Item name="password" label={t("login.password")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
        <Input.Password prefix={<LockOutlined />} autoComplete="current-password" autoFocus={Boolean(username)} />
      </Form.Item>
      {twoFactor && (
        <Form.Item name="code" label={t("login.code")} extra={t("login.codeAbout")} rules={[{ required: true, message: t("login.codeMissing") }]}>
          <Input autoComplete="one-time-code" autoFocus />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>{t("login.signIn")}</Button>
    </Form>
  );
}
