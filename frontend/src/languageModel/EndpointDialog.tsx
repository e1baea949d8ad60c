// The dialog for a language model endpoint. The API key and the values of headers are write-only.
import { Checkbox, Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { AdvancedFields } from "./AdvancedFields";
import { type EndpointForm, formOf, formOfPreset, inputOf } from "./endpointForm";
import { type Endpoint, type Scope, saveEndpoint } from "./endpoints";
import { PRESETS, type Preset } from "./presets";

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
  const [form] = Form.useForm<EndpointForm>();
  const [presetId, setPresetId] = useState("");
  const preset = PRESETS.find((one) => one.id === presetId);
  const save = useAction((values: EndpointForm) => saveEndpoint(scope, endpoint?.id ?? null, inputOf(values)), {
    successMessage: t("endpoints.saved"),
    invalidates: ["endpoints", "language-model"],
    silent: true,
    onDone: close,
  });
  const missing = [{ required: true, whitespace: true, message: t("endpoints.missing") }];
  const offered = PRESETS.filter((one) => scope === "system" || !one.local);

  function choosePreset(id: string) {
    const chosen = PRESETS.find((one) => one.id === id);
    const name = ((form.getFieldValue("name") as string | undefined) ?? "").trim();
    const typed = name && !PRESETS.some((one) => nameOf(one) === name);
    setPresetId(id);
    if (chosen) form.setFieldsValue(formOfPreset(chosen, typed ? name : nameOf(chosen)));
  }

  function nameOf(preset: Preset): string {
    return t(`endpoints.presets.${preset.id}`);
  }

  return (
    <Modal
      open
      title={endpoint ? t("endpoints.editOf", { name: endpoint.name }) : t("endpoints.add")}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      <Form<EndpointForm>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={formOf(endpoint)}
        onFinish={(values) => save.mutate(values)}
      >
        <ErrorAlert error={save.error} />
        {!endpoint && (
          <Form.Item label={t("endpoints.preset")} extra={t("endpoints.presetAbout")} htmlFor="endpoint-preset">
            <Select
              id="endpoint-preset"
              value={presetId}
              onChange={choosePreset}
              options={[
                { value: "", label: t("endpoints.presetOther") },
                ...offered.map((one) => ({
                  value: one.id,
                  label: one.local ? t("endpoints.presetOwn", { name: nameOf(one) }) : nameOf(one),
                })),
              ]}
            />
          </Form.Item>
        )}
        <Form.Item name="name" label={t("keys.name")} rules={missing}>
          <Input maxLength={64} autoComplete="off" autoFocus />
        </Form.Item>
        <Form.Item name="url" label={t("endpoints.url")} extra={t("endpoints.urlAbout")} rules={missing}>
          <Input inputMode="url" autoComplete="off" placeholder="https://api.example.com/v1" />
        </Form.Item>
        <Form.Item name="model" label={t("endpoints.model")} rules={missing}>
          <Input autoComplete="off" placeholder={preset?.example} />
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
        <AdvancedFields stored={endpoint?.headers ?? []} />
      </Form>
    </Modal>
  );
}
