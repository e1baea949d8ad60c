// Who one is: by name and password or by Google, and by the code of an authenticator where that is on.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Divider, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError } from "../api/client";
import { Problem } from "../app/Notice";
import { GoogleButton } from "./GoogleButton";
import { waysIn } from "./ways";

interface Entered {
  username: string;
  password: string;
  code?: string;
}

export function SignInForm({ username, done }: { username?: string; done: (token: string) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: ways } = useQuery(waysIn());
  // The first proof was right, the second is missing: "password", or what Google has said.
  const [shown, setShown] = useState<"nothing" | "password" | { credential: string }>("nothing");
  const signIn = useMutation({
    mutationFn: (wish: Entered | { credential: string; code?: string }) => ("credential" in wish ? byGoogle(wish) : byPassword(wish)),
    onSuccess: ({ access_token }) => done(access_token),
    onError: (error, wish) => {
      if (codeOf(error) === "second_factor_needed") setShown("credential" in wish ? { credential: wish.credential } : "password");
      else if ("credential" in wish) {
        // What Google said is good once: whoever tries again needs another nonce.
        setShown("nothing");
        void queries.invalidateQueries({ queryKey: ["google", "nonce"] });
      }
    },
  });
  function send(entered: Entered) {
    signIn.mutate(typeof shown === "object" ? { credential: shown.credential, code: entered.code } : entered);
  }
  const code = codeOf(signIn.error);
  const second = shown !== "nothing";
  return (
    <Form<Entered> layout="vertical" requiredMark={false} initialValues={{ username }} onFinish={send}>
      {code === "waits_for_approval" ? (
        <Alert className="spaced" type="info" showIcon role="status" title={t("login.waiting")} description={t("login.waitingAbout")} />
      ) : (
        code !== "second_factor_needed" && <Problem error={signIn.error} />
      )}
      <Form.Item hidden={second} name="username" label={t("login.username")} rules={[{ required: !second, message: t("login.usernameMissing") }]}>
        <Input prefix={<UserOutlined />} autoComplete="username" autoFocus={!username} disabled={Boolean(username)} />
      </Form.Item>
      <Form.Item hidden={second} name="password" label={t("login.password")} rules={[{ required: !second, message: t("login.passwordMissing") }]}>
        <Input.Password prefix={<LockOutlined />} autoComplete="current-password" autoFocus={Boolean(username)} />
      </Form.Item>
      {second && (
        <Form.Item name="code" label={t("login.code")} extra={t("login.codeAbout")} rules={[{ required: true, message: t("login.codeMissing") }]}>
          <Input autoComplete="one-time-code" autoFocus />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>{t("login.signIn")}</Button>
      {second && <Button type="link" block onClick={() => { setShown("nothing"); signIn.reset(); }}>{t("login.otherAccount")}</Button>}
      {!second && ways?.google_client_id && (
        <>
          <Divider plain>{t("login.or")}</Divider>
          <GoogleButton client={ways.google_client_id} given={(credential) => signIn.mutate({ credential })} />
        </>
      )}
    </Form>
  );
}

function byPassword({ code, ...known }: Entered) {
  const body = new URLSearchParams(code ? { ...known, code } : { ...known });
  return answer(
    api.POST("/api/auth/login", {
      body: { ...known, scope: "" },
      bodySerializer: () => body,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    }),
  );
}

function byGoogle(wish: { credential: string; code?: string }) {
  return answer(api.POST("/api/auth/google", { body: wish }));
}

function codeOf(error: unknown): string | null {
  return error instanceof ApiError ? error.code : null;
}
