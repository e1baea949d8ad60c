// The dialog that creates an API key and shows it once.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Input, Modal, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { currentUser, twoFactorState } from "./queries";

interface NewKey {
  name: string;
  scopes: Schemas["Scope"][];
  days: number;
  confirmation?: string;
}

/** Codes of authenticators and recovery codes; a password that looks like one can be sent as a code only. */
const CODE = /^(\d{3} ?\d{3}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$/i;

/** Days until a key expires; 0 means never. */
const LIFETIMES = [7, 30, 90, 365, 0];

export function NewKeyDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const { data: secondFactor } = useQuery(twoFactorState());
  const [form] = Form.useForm<NewKey>();
  const administers = Form.useWatch("scopes", form)?.includes("admin") ?? false;
  const make = useAction(
    ({ name, scopes, days, confirmation }: NewKey) => {
      const confirmed = confirmation
        ? secondFactor?.on && CODE.test(confirmation.trim())
          ? { code: confirmation.trim() }
          : { password: confirmation }
        : {};
      return unwrap(
        api.POST("/api/auth/keys", { body: { name: name.trim(), scopes, days: days || null, ...confirmed } }),
      );
    },
    { silent: true, invalidates: ["keys"] },
  );
  const scopes: Schemas["Scope"][] = me && me.role !== "user" ? ["read", "upload", "admin"] : ["read", "upload"];
  if (make.data) return <KeyCreated secret={make.data.key} close={close} />;
  return (
    <Modal open title={t("keys.make")} onCancel={close} footer={null}>
      <Form<NewKey>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ scopes: ["read"], days: 90 }}
        onFinish={(values) => make.mutate(values)}
      >
        <ErrorAlert error={make.error} />
        <Form.Item
          name="name"
          label={t("keys.name")}
          extra={t("keys.nameAbout")}
          rules={[{ required: true, whitespace: true, message: t("keys.nameMissing") }]}
        >
          <Input maxLength={64} autoComplete="off" autoFocus />
        </Form.Item>
        <Form.Item
          name="scopes"
          label={t("keys.scopes")}
          rules={[{ type: "array", min: 1, message: t("keys.scopesMissing") }]}
        >
          <Checkbox.Group options={scopes.map((value) => ({ value, label: t(`scopes.${value}`) }))} />
        </Form.Item>
        {administers && (
          <Form.Item
            name="confirmation"
            label={t("keys.confirm")}
            extra={t("keys.confirmAbout")}
            rules={[{ required: true, message: t("login.passwordMissing") }]}
          >
            <Input.Password autoComplete="current-password" />
          </Form.Item>
        )}
        <Form.Item name="days" label={t("keys.life")}>
          <Select
            options={LIFETIMES.map((value) => ({
              value,
              label: value ? t("keys.days", { count: value }) : t("keys.never"),
            }))}
          />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={make.isPending}>
          {t("keys.make")}
        </Button>
      </Form>
    </Modal>
  );
}

function KeyCreated({ secret, close }: { secret: string; close: () => void }) {
  const { t } = useTranslation();
  const example = `curl -H "Authorization: Bearer ${secret}" ${location.origin}${pathOf("/api/recordings")}`;
  return (
    <Modal
      open
      title={t("keys.made")}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={close}>
          {t("keys.saved")}
        </Button>
      }
    >
      <Alert className="spaced" type="warning" showIcon title={t("keys.once")} />
      <Typography.Paragraph className="secret" copyable={{ text: secret }}>
        <code aria-label={t("keys.key")}>{secret}</code>
      </Typography.Paragraph>
      <p className="secondary">{t("keys.example")}</p>
      <Typography.Paragraph className="secret" copyable={{ text: example }}>
        {example}
      </Typography.Paragraph>
    </Modal>
  );
}
