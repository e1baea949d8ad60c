// The dialog for a language model endpoint. The API key is write-only.
import { Checkbox, Form, Input, InputNumber, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { type Endpoint, type EndpointInput, type Scope, saveEndpoint } from "./endpoints";

export function EndpointDialog({
  scope,
  endpoint,
  close,
}: {
  scope: Scope;
  endpoint: Endpoint | null;
  close: () => void;
}) {
  const { t } = useTranslation();
  const [form] = Form.useForm<EndpointInput>();
  const save = useAction(
    ({ key, ...values }: EndpointInput) => saveEndpoint(scope, endpoint?.id ?? null, key ? { ...values, key } : values),
    {
      successMessage: t("endpoints.saved"),
      invalidates: ["endpoints", "language-model"],
      silent: true,
      onDone: close,
    },
  );
  const missing = [{ required: true, whitespace: true, message: t("endpoints.missing") }];
  return (
    <Modal
      open
      title={endpoint ? t("endpoints.editOf", { name: endpoint.name }) : t("endpoints.add")}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      <Form<EndpointInput>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={endpoint ?? { context_tokens: 8192 }}
        onFinish={(values) => save.mutate(values)}
      >
        <ErrorAlert error={save.error} />
        <Form.Item name="name" label={t("keys.name")} rules={missing}>
          <Input maxLength={64} autoComplete="off" autoFocus />
        </Form.Item>
        <Form.Item name="url" label={t("endpoints.url")} extra={t("endpoints.urlAbout")} rules={missing}>
          <Input inputMode="url" autoComplete="off" placeholder="https://api.example.com/v1" />
        </Form.Item>
        <Form.Item name="model" label={t("endpoints.model")} rules={missing}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="key"
          label={t("endpoints.key")}
          extra={endpoint?.has_key ? t("endpoints.keyStays") : undefined}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="context_tokens"
          label={t("endpoints.context")}
          extra={t("endpoints.contextAbout")}
          rules={[{ required: true, message: t("upload.numberMissing") }]}
        >
          <InputNumber min={2048} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        {scope === "system" && (
          <Form.Item name="allow_private" valuePropName="checked" extra={t("endpoints.privateAbout")}>
            <Checkbox>{t("endpoints.private")}</Checkbox>
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
