// Making an API key, and the one look at it.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Input, Modal, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { whoAmI } from "./me";

interface Wish {
  name: string;
  scopes: Schemas["Scope"][];
  days: number;
}

/** Days until a key expires; 0 stands for never. */
const LIVES = [7, 30, 90, 365, 0];

export function NewKeyDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { data: me } = useQuery(whoAmI());
  const make = useDoing(({ name, scopes, days }: Wish) => answer(api.POST("/api/auth/keys", { body: { name: name.trim(), scopes, days: days || null } })), { silent: true, changes: ["keys"] });
  const scopes: Schemas["Scope"][] = me && me.role !== "user" ? ["read", "upload", "admin"] : ["read", "upload"];
  if (make.data) return <Made secret={make.data.key} close={close} />;
  return (
    <Modal open title={t("keys.make")} onCancel={close} footer={null}>
      <Form<Wish> layout="vertical" requiredMark={false} initialValues={{ scopes: ["read"], days: 90 }} onFinish={(wish) => make.mutate(wish)}>
        <Problem error={make.error} />
        <Form.Item name="name" label={t("keys.name")} extra={t("keys.nameAbout")} rules={[{ required: true, whitespace: true, message: t("keys.nameMissing") }]}>
          <Input maxLength={64} autoComplete="off" autoFocus />
        </Form.Item>
        <Form.Item name="scopes" label={t("keys.scopes")} rules={[{ type: "array", min: 1, message: t("keys.scopesMissing") }]}>
          <Checkbox.Group options={scopes.map((value) => ({ value, label: t(`scopes.${value}`) }))} />
        </Form.Item>
        <Form.Item name="days" label={t("keys.life")}>
          <Select options={LIVES.map((value) => ({ value, label: value ? t("keys.days", { count: value }) : t("keys.never") }))} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={make.isPending}>{t("keys.make")}</Button>
      </Form>
    </Modal>
  );
}

function Made({ secret, close }: { secret: string; close: () => void }) {
  const { t } = useTranslation();
  const example = `curl -H "Authorization: Bearer ${secret}" ${location.origin}/api/recordings`;
  return (
    <Modal open title={t("keys.made")} closable={false} keyboard={false} mask={{ closable: false }} footer={<Button type="primary" onClick={close}>{t("keys.kept")}</Button>}>
      <Alert className="spaced" type="warning" showIcon title={t("keys.once")} />
      <Typography.Paragraph className="secret" copyable={{ text: secret }}><code aria-label={t("keys.key")}>{secret}</code></Typography.Paragraph>
      <p className="quiet">{t("keys.example")}</p>
      <Typography.Paragraph className="secret" copyable={{ text: example }}>{example}</Typography.Paragraph>
    </Modal>
  );
}
