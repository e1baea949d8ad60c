// The dialog that creates or edits a template: name, guidance and sections.
import { Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { PartsField } from "./PartsField";
import { type Scope, saveTemplate, type Template, type TemplateInput } from "./templates";

/** The template being edited, or the initial values of a new one. */
export interface Draft {
  readonly key: string | null;
  readonly values: TemplateInput;
}

export function TemplateDialog({
  scope,
  draft,
  close,
  onDone,
}: {
  scope: Scope;
  draft: Draft;
  close: () => void;
  onDone: (saved: Template) => void;
}) {
  const { t } = useTranslation();
  const [form] = Form.useForm<TemplateInput>();
  const save = useAction((values: TemplateInput) => saveTemplate(scope, draft.key, values), {
    invalidates: ["templates"],
    silent: true,
    onDone,
  });
  const title =
    draft.key === null
      ? t(scope === "mine" ? "templates.make" : "templates.makeShared")
      : t("templates.editOf", { name: draft.values.name });
  return (
    <Modal
      open
      width={600}
      title={title}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      <Form<TemplateInput>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={draft.values}
        onFinish={(values) => save.mutate(values)}
      >
        <ErrorAlert error={save.error} />
        <Form.Item
          name="name"
          label={t("keys.name")}
          rules={[{ required: true, whitespace: true, message: t("templates.nameMissing") }]}
        >
          <Input maxLength={64} autoComplete="off" autoFocus placeholder={t("templates.nameExample")} />
        </Form.Item>
        <Form.Item name="guidance" label={t("templates.guidance")} extra={t("templates.guidanceAbout")}>
          <Input.TextArea
            maxLength={1000}
            autoSize={{ minRows: 3, maxRows: 8 }}
            placeholder={t("templates.guidanceExample")}
          />
        </Form.Item>
        <Form.Item
          name="parts"
          label={t("templates.parts")}
          rules={[{ type: "array", min: 1, message: t("templates.partsMissing") }]}
        >
          <PartsField />
        </Form.Item>
      </Form>
    </Modal>
  );
}
