// The dialog that deletes a user. The recordings are deleted too, or transferred to another user.
import { Form, Modal, Radio, Space } from "antd";
import { useTranslation } from "react-i18next";
import { type Account, api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { UserSelect } from "./UserSelect";

interface FormValues {
  what: "delete" | "hand-over" | undefined;
  to?: string;
}

export function DeleteUserDialog({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<FormValues>();
  const what = Form.useWatch("what", form);
  const remove = useAction(
    ({ what, to }: FormValues) =>
      unwrap(
        api.DELETE("/api/admin/users/{user_id}", {
          params: { path: { user_id: account.id }, query: what === "hand-over" ? { to } : {} },
        }),
      ),
    { successMessage: t("users.deleted"), invalidates: ["users"], silent: true, onDone: close },
  );
  return (
    <Modal
      open
      title={t("users.deleteOf", { name: account.username })}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={remove.isPending}
      okText={t("users.delete")}
      okButtonProps={{ danger: true }}
    >
      <p>{t("users.deleteAbout")}</p>
      <Form<FormValues>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(entered) => remove.mutate(entered)}
      >
        <ErrorAlert error={remove.error} />
        <Form.Item
          name="what"
          label={t("users.recordings")}
          rules={[{ required: true, message: t("users.whatMissing") }]}
        >
          <Radio.Group>
            <Space orientation="vertical">
              <Radio value="hand-over">{t("users.handOver")}</Radio>
              <Radio value="delete">{t("users.deleteAll")}</Radio>
            </Space>
          </Radio.Group>
        </Form.Item>
        {what === "hand-over" && (
          <Form.Item
            name="to"
            label={t("users.newOwner")}
            rules={[{ required: true, message: t("users.newOwnerMissing") }]}
          >
            <UserSelect label={t("users.newOwner")} except={account.id} />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
