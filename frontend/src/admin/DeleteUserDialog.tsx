// Somebody leaves: the recordings go too, or somebody else takes them over.
import { Form, Modal, Radio, Space } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Account } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { UserSelect } from "./UserSelect";

interface Entered {
  what: "delete" | "hand-over" | undefined;
  to?: string;
}

export function DeleteUserDialog({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Entered>();
  const what = Form.useWatch("what", form);
  const remove = useDoing(
    ({ what, to }: Entered) => answer(api.DELETE("/api/admin/users/{user_id}", { params: { path: { user_id: account.id }, query: what === "hand-over" ? { to } : {} } })),
    { said: t("users.deleted"), changes: ["users"], silent: true, then: close },
  );
  return (
    <Modal open title={t("users.deleteOf", { name: account.username })} onCancel={close} onOk={() => form.submit()} confirmLoading={remove.isPending} okText={t("users.delete")} okButtonProps={{ danger: true }}>
      <p>{t("users.deleteAbout")}</p>
      <Form<Entered> form={form} layout="vertical" requiredMark={false} onFinish={(entered) => remove.mutate(entered)}>
        <Problem error={remove.error} />
        <Form.Item name="what" label={t("users.recordings")} rules={[{ required: true, message: t("users.whatMissing") }]}>
          <Radio.Group>
            <Space orientation="vertical">
              <Radio value="hand-over">{t("users.handOver")}</Radio>
              <Radio value="delete">{t("users.deleteAll")}</Radio>
            </Space>
          </Radio.Group>
        </Form.Item>
        {what === "hand-over" && (
          <Form.Item name="to" label={t("users.heir")} rules={[{ required: true, message: t("users.heirMissing") }]}>
            <UserSelect label={t("users.heir")} except={account.id} />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
