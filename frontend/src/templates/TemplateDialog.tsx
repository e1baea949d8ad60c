// Making a template, or a new version of one: its name, what it looks at, and its parts in their order.
import { Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { PartsField } from "./PartsField";
import { keep, type Template, type TemplateWish, type Whose } from "./templates";

/** What is at work: a template to change, or something to begin a new one with. */
export interface Draft {
  readonly key: string | null;
  readonly wish: TemplateWish;
}

export function TemplateDialog({ whose, draft, close, then }: { whose: Whose; draft: Draft; close: () => void; then: (kept: Template) => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<TemplateWish>();
  const save = useDoing((wish: TemplateWish) => keep(whose, draft.key, wish), { changes: ["templates"], silent: true, then });
  const title = draft.key === null ? t(whose === "mine" ? "templates.make" : "templates.makeShared") : t("templates.editOf", { name: draft.wish.name });
  return (
    <Modal open width={600} title={title} onCancel={close} onOk={() => form.submit()} confirmLoading={save.isPending} okText={t("app.save")}>
      <Form<TemplateWish> form={form} layout="vertical" requiredMark={false} initialValues={draft.wish} onFinish={(wish) => save.mutate(wish)}>
        <Problem error={save.error} />
        <Form.Item name="name" label={t("keys.name")} rules={[{ required: true, whitespace: true, message: t("templates.nameMissing") }]}>
          <Input maxLength={64} autoComplete="off" autoFocus placeholder={t("templates.nameExample")} />
        </Form.Item>
        <Form.Item name="guidance" label={t("templates.guidance")} extra={t("templates.guidanceAbout")}>
          <Input.TextArea maxLength={1000} autoSize={{ minRows: 3, maxRows: 8 }} placeholder={t("templates.guidanceExample")} />
        </Form.Item>
        <Form.Item name="parts" label={t("templates.parts")} rules={[{ type: "array", min: 1, message: t("templates.partsMissing") }]}>
          <PartsField />
        </Form.Item>
      </Form>
    </Modal>
  );
}
