// The fields of an endpoint that few people need: the kind of API, temperature, extra parameters and headers.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Select, Space } from "antd";
import { useTranslation } from "react-i18next";
import { readParameters } from "./endpointForm";

const PROTOCOLS = ["openai", "anthropic", "ollama"] as const;

export function AdvancedFields({ stored }: { stored: string[] }) {
  const { t } = useTranslation();
  return (
    <details>
      <summary>{t("endpoints.more")}</summary>
      <Form.Item name="protocol" label={t("endpoints.protocol")}>
        <Select options={PROTOCOLS.map((one) => ({ value: one, label: t(`endpoints.protocols.${one}`) }))} />
      </Form.Item>
      <Form.Item name="temperature" label={t("endpoints.temperature")} extra={t("endpoints.temperatureAbout")}>
        <InputNumber min={0} max={2} step={0.1} style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item
        name="parameters"
        label={t("endpoints.parameters")}
        extra={t("endpoints.parametersAbout")}
        rules={[
          {
            validator: (_, text?: string) =>
              readParameters(text) ? Promise.resolve() : Promise.reject(new Error(t("endpoints.parametersBad"))),
          },
        ]}
      >
        <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} spellCheck={false} />
      </Form.Item>
      <Form.Item label={t("endpoints.headers")} extra={t("endpoints.headersAbout")}>
        <Form.List name="headers">
          {(fields, { add, remove }) => (
            <>
              {fields.map((field) => (
                <HeaderFields key={field.key} place={field.name} stored={stored} remove={() => remove(field.name)} />
              ))}
              <Button icon={<PlusOutlined />} onClick={() => add()}>
                {t("endpoints.addHeader")}
              </Button>
            </>
          )}
        </Form.List>
      </Form.Item>
    </details>
  );
}

function HeaderFields({ place, stored, remove }: { place: number; stored: string[]; remove: () => void }) {
  const { t } = useTranslation();
  const name = Form.useWatch(["headers", place, "name"]) as string | undefined;
  return (
    <Space.Compact block>
      <Form.Item
        name={[place, "name"]}
        noStyle
        rules={[{ required: true, whitespace: true, message: t("endpoints.missing") }]}
      >
        <Input aria-label={t("endpoints.headerName")} placeholder={t("endpoints.headerName")} autoComplete="off" />
      </Form.Item>
      <Form.Item name={[place, "value"]} noStyle>
        <Input.Password
          aria-label={t("endpoints.headerValue")}
          placeholder={name && stored.includes(name) ? t("endpoints.headerStays") : t("endpoints.headerValue")}
          autoComplete="new-password"
        />
      </Form.Item>
      <Button
        icon={<DeleteOutlined />}
        aria-label={t("endpoints.removeHeader", { name: name ?? "" })}
        onClick={remove}
      />
    </Space.Compact>
  );
}
