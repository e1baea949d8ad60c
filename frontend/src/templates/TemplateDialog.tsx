// The dialog that creates or edits a template: name, guidance and sections.
import { Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { PartsField } from "./PartsField";
import { TemplateConflict } from "./TemplateConflict";
import { type Scope, saveTemplate, type Template, type TemplateInput, templateNow } from "./templates";

/** The template being edited, or the initial values of a new one. */
export interface Draft {
  readonly key: string | null;
  readonly version: number | null;
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
  const [basedOn, setBasedOn] = useState(draft.version);
  const save = useAction((values: TemplateInput) => saveTemplate(scope, draft.key, values, basedOn), {
    invalidates: ["templates"],
    silent: true,
    onDone,
  });
  const theirs = templateNow(save.error);
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
      okButtonProps={{ disabled: theirs !== null }}
      okText={t("app.save")}
    >
      <Form<TemplateInput>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={draft.values}
        onFinish={(values) => save.mutate(values)}
      >
        {theirs ? (
          <TemplateConflict
            theirs={theirs}
            choose={(mine) => {
              setBasedOn(theirs.version);
              if (!mine) form.setFieldsValue(theirs);
              save.reset();
            }}
          />
        ) : (
          <ErrorAlert error={save.error} />
        )}
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
