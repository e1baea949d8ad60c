// The sign-in form: password or Google, then the two-factor code if needed.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Divider, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, unwrap } from "../api/client";
import { ErrorAlert } from "../app/Feedback";
import { GoogleButton } from "./GoogleButton";
import { signInOptions } from "./signInOptions";

interface FormValues {
  username: string;
  password: string;
  code?: string;
}

export function SignInForm({ username, done }: { username?: string; done: (token: string) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: ways } = useQuery(signInOptions());
  // The first factor that was accepted while the second is still missing.
  const [firstFactor, setFirstFactor] = useState<"nothing" | "password" | { credential: string }>("nothing");
  const signIn = useMutation({
    mutationFn: (values: FormValues | { credential: string; code?: string }) =>
      "credential" in values ? byGoogle(values) : byPassword(values),
    onSuccess: ({ access_token }) => done(access_token),
    onError: (error, values) => {
      if (codeOf(error) === "second_factor_needed")
        setFirstFactor("credential" in values ? { credential: values.credential } : "password");
      else if ("credential" in values) {
        // A Google credential works once, so a retry needs a new nonce.
        setFirstFactor("nothing");
        void queries.invalidateQueries({ queryKey: ["google", "nonce"] });
      }
    },
  });
  function send(entered: FormValues) {
    signIn.mutate(
      typeof firstFactor === "object" ? { credential: firstFactor.credential, code: entered.code } : entered,
    );
  }
  const code = codeOf(signIn.error);
  const second = firstFactor !== "nothing";
  return (
    <Form<FormValues> layout="vertical" requiredMark={false} initialValues={{ username }} onFinish={send}>
      {code === "waits_for_approval" ? (
        <Alert
          className="spaced"
          type="info"
          showIcon
          role="status"
          title={t("login.waiting")}
          description={t("login.waitingAbout")}
        />
      ) : (
        code !== "second_factor_needed" && <ErrorAlert error={signIn.error} />
      )}
      <Form.Item
        hidden={second}
        name="username"
        label={t("login.username")}
        rules={[{ required: !second, message: t("login.usernameMissing") }]}
      >
        <Input prefix={<UserOutlined />} autoComplete="username" autoFocus={!username} disabled={Boolean(username)} />
      </Form.Item>
      <Form.Item
        hidden={second}
        name="password"
        label={t("login.password")}
        rules={[{ required: !second, message: t("login.passwordMissing") }]}
      >
        <Input.Password prefix={<LockOutlined />} autoComplete="current-password" autoFocus={Boolean(username)} />
      </Form.Item>
      {second && (
        <Form.Item
          name="code"
          label={t("login.code")}
          extra={t("login.codeAbout")}
          rules={[{ required: true, message: t("login.codeMissing") }]}
        >
          <Input autoComplete="one-time-code" autoFocus />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
        {t("login.signIn")}
      </Button>
      {second && (
        <Button
          type="link"
          block
          onClick={() => {
            setFirstFactor("nothing");
            signIn.reset();
          }}
        >
          {t("login.otherAccount")}
        </Button>
      )}
      {!second && ways?.google_client_id && (
        <>
          <Divider plain>{t("login.or")}</Divider>
          <GoogleButton client={ways.google_client_id} onCredential={(credential) => signIn.mutate({ credential })} />
        </>
      )}
    </Form>
  );
}

function byPassword({ code, ...known }: FormValues) {
  const body = new URLSearchParams(code ? { ...known, code } : { ...known });
  return unwrap(
    api.POST("/api/auth/login", {
      body: { ...known, scope: "" },
      bodySerializer: () => body,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    }),
  );
}

function byGoogle(values: { credential: string; code?: string }) {
  return unwrap(api.POST("/api/auth/google", { body: values }));
}

function codeOf(error: unknown): string | null {
  return error instanceof ApiError ? error.code : null;
}
