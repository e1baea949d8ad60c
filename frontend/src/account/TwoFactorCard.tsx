// Two-factor authentication: its state, turning it on step by step, new recovery codes, turning it off.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Flex, Form, Input, Modal, QRCode, Tag, Typography } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { twoFactorState } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";

export function TwoFactorCard() {
  const { t } = useTranslation();
  const state = useQuery(twoFactorState());
  const [open, setOpen] = useState<"set-up" | "renew" | "remove" | null>(null);
  if (state.isError)
    return (
      <Card title={<h2>{t("twoFactor.title")}</h2>}>
        <ErrorAlert error={state.error} retry={() => void state.refetch()} />
      </Card>
    );
  const it = state.data;
  return (
    <Card
      title={<h2>{t("twoFactor.title")}</h2>}
      loading={!it}
      extra={it && <Tag color={it.on ? "success" : "default"}>{it.on ? t("twoFactor.on") : t("twoFactor.off")}</Tag>}
    >
      <p className="section-about">{t("twoFactor.about")}</p>
      {it?.wanted && !it.on && <Alert className="spaced" type="warning" showIcon title={t("twoFactor.wanted")} />}
      {it?.on && it.recovery_codes_left < 3 && (
        <Alert
          className="spaced"
          type="warning"
          showIcon
          title={t("twoFactor.fewCodes", { count: it.recovery_codes_left })}
        />
      )}
      {it?.on && it.recovery_codes_left >= 3 && <p>{t("twoFactor.codesLeft", { count: it.recovery_codes_left })}</p>}
      {it && !it.on && (
        <Button type="primary" onClick={() => setOpen("set-up")}>
          {t("twoFactor.setUp")}
        </Button>
      )}
      {it?.on && (
        <Flex wrap gap={8}>
          <Button onClick={() => setOpen("renew")}>{t("twoFactor.renew")}</Button>
          <Button danger onClick={() => setOpen("remove")}>
            {t("twoFactor.remove")}
          </Button>
        </Flex>
      )}
      {open === "set-up" && <SetUp close={() => setOpen(null)} />}
      {open === "renew" && <RenewCodes close={() => setOpen(null)} />}
      {open === "remove" && <TurnOff close={() => setOpen(null)} />}
    </Card>
  );
}

/** First the password, then the authenticator, then the recovery codes. */
function SetUp({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const [secret, setSecret] = useState<Schemas["Secret"] | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const begin = useAction(
    ({ password }: { password?: string }) =>
      unwrap(api.POST("/api/auth/two-factor", { body: { password: password ?? "" } })),
    { silent: true, onDone: setSecret },
  );
  const confirm = useAction(
    ({ code }: { code: string }) => unwrap(api.POST("/api/auth/two-factor/confirm", { body: { code } })),
    {
      silent: true,
      invalidates: ["two-factor"],
      onDone: ({ recovery_codes }) => setCodes(recovery_codes),
    },
  );
  if (codes) return <RecoveryCodes codes={codes} title={t("twoFactor.nowOn")} close={close} />;
  return (
    <Modal open title={t("twoFactor.setUp")} onCancel={close} footer={null}>
      {secret ? (
        <Form<{ code: string }>
          key="confirm"
          layout="vertical"
          requiredMark={false}
          onFinish={(entered) => confirm.mutate(entered)}
        >
          <div className="qr">
            <QRCode
              type="svg"
              value={secret.address}
              size={168}
              color="#000000"
              bgColor="#ffffff"
              role="img"
              aria-label={t("twoFactor.qr")}
            />
            <div>
              <p>{t("twoFactor.scan")}</p>
              <p className="secondary">{t("twoFactor.type")}</p>
              <Typography.Text className="secret" copyable>
                {secret.secret}
              </Typography.Text>
            </div>
          </div>
          <ErrorAlert error={confirm.error} />
          <Form.Item
            name="code"
            label={t("twoFactor.code")}
            rules={[{ required: true, message: t("login.codeMissing") }]}
          >
            <Input autoComplete="one-time-code" inputMode="numeric" maxLength={8} autoFocus />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={confirm.isPending}>
            {t("twoFactor.confirm")}
          </Button>
        </Form>
      ) : (
        <Form<{ password?: string }>
          key="begin"
          layout="vertical"
          requiredMark={false}
          onFinish={(entered) => begin.mutate(entered)}
        >
          <ErrorAlert error={begin.error} />
          <Form.Item name="password" label={t("account.current")} extra={t("twoFactor.passwordAbout")}>
            <Input.Password autoComplete="current-password" autoFocus />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={begin.isPending}>
            {t("twoFactor.next")}
          </Button>
        </Form>
      )}
    </Modal>
  );
}

function RenewCodes({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const renew = useAction(
    ({ code }: { code: string }) => unwrap(api.POST("/api/auth/two-factor/recovery-codes", { body: { code } })),
    { silent: true, invalidates: ["two-factor"] },
  );
  if (renew.data)
    return <RecoveryCodes codes={renew.data.recovery_codes} title={t("twoFactor.renewed")} close={close} />;
  return (
    <Modal open title={t("twoFactor.renew")} onCancel={close} footer={null}>
      <p>{t("twoFactor.renewAbout")}</p>
      <CodeForm error={renew.error} submit={renew.mutate}>
        <Button type="primary" htmlType="submit" loading={renew.isPending}>
          {t("twoFactor.renew")}
        </Button>
      </CodeForm>
    </Modal>
  );
}

function TurnOff({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const remove = useAction(
    ({ code }: { code: string }) => unwrap(api.POST("/api/auth/two-factor/remove", { body: { code } })),
    {
      silent: true,
      successMessage: t("twoFactor.removed"),
      invalidates: ["two-factor"],
      onDone: close,
    },
  );
  return (
    <Modal open title={t("twoFactor.remove")} onCancel={close} footer={null}>
      <p>{t("twoFactor.removeAbout")}</p>
      <CodeForm error={remove.error} submit={remove.mutate}>
        <Button danger type="primary" htmlType="submit" loading={remove.isPending}>
          {t("twoFactor.remove")}
        </Button>
      </CodeForm>
    </Modal>
  );
}

function CodeForm({
  error,
  submit,
  children,
}: {
  error: unknown;
  submit: (entered: { code: string }) => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Form<{ code: string }> layout="vertical" requiredMark={false} onFinish={(entered) => submit(entered)}>
      <ErrorAlert error={error} />
      <Form.Item
        name="code"
        label={t("login.code")}
        extra={t("login.codeAbout")}
        rules={[{ required: true, message: t("login.codeMissing") }]}
      >
        <Input autoComplete="one-time-code" autoFocus />
      </Form.Item>
      {children}
    </Form>
  );
}
