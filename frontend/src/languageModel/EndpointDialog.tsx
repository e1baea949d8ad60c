// Where a language model is asked, and with which key. The key goes in and never comes out.
import { Checkbox, Form, Input, InputNumber, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { keep, type Whose, type Endpoint, type EndpointWish } from "./endpoints";

export function EndpointDialog({ whose, endpoint, close }: { whose: Whose; endpoint: Endpoint | null; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<EndpointWish>();
  const save = useDoing(({ key, ...wish }: EndpointWish) => keep(whose, endpoint?.id ?? null, key ? { ...wish, key } : wish), {
    said: t("endpoints.saved"),
    changes: ["endpoints", "language-model"],
    silent: true,
    then: close,
  });
  const missing = [{ required: true, whitespace: true, message: t("endpoints.missing") }];
  return (
    <Modal open title={endpoint ? t("endpoints.editOf", { name: endpoint.name }) : t("endpoints.add")} onCancel={close} onOk={() => form.submit()} confirmLoading={save.isPending} okText={t("app.save")}>
      <Form<EndpointWish> form={form} layout="vertical" requiredMark={false} initialValues={endpoint ?? { context_tokens: 8192 }} onFinish={(wish) => save.mutate(wish)}>
        <Problem error={save.error} />
        <Form.Item name="name" label={t("keys.name")} rules={missing}><Input maxLength={64} autoComplete="off" autoFocus /></Form.Item>
        <Form.Item name="url" label={t("endpoints.url")} extra={t("endpoints.urlAbout")} rules={missing}><Input inputMode="url" autoComplete="off" placeholder="https://api.example.com/v1" /></Form.Item>
        <Form.Item name="model" label={t("endpoints.model")} rules={missing}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="key" label={t("endpoints.key")} extra={endpoint?.has_key ? t("endpoints.keyStays") : undefined}><Input.Password autoComplete="new-password" /></Form.Item>
        <Form.Item name="context_tokens" label={t("endpoints.context")} extra={t("endpoints.contextAbout")} rules={[{ required: true, message: t("upload.numberMissing") }]}>
          <InputNumber min={2048} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        {whose === "house" && <Form.Item name="allow_private" valuePropName="checked" extra={t("endpoints.privateAbout")}><Checkbox>{t("endpoints.private")}</Checkbox></Form.Item>}
      </Form>
    </Modal>
  );
}
