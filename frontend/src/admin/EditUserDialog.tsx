// The dialog that edits a user's name and quotas.
import { useQuery } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { type Account, api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { GB, tenths, useFormats } from "../app/formats";

interface FormValues {
  username: string;
  minutes: number | null;
  gigabytes: number | null;
  jobs: number | null;
}

export function EditUserDialog({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<FormValues>();
  const path = { path: { user_id: account.id } };
  const quotas = useQuery({
    queryKey: ["users", "quotas", account.id],
    queryFn: () => unwrap(api.GET("/api/admin/users/{user_id}/quotas", { params: path })),
    gcTime: 0,
  });
  const save = useAction(
    async ({ username, minutes, gigabytes, jobs }: FormValues) => {
      if (username.trim() !== account.username)
        await unwrap(api.PATCH("/api/admin/users/{user_id}", { params: path, body: { username: username.trim() } }));
      const body = {
        minutes_a_month: minutes,
        stored_bytes: gigabytes === null ? null : Math.round(gigabytes * GB),
        queued_jobs: jobs,
      };
      await unwrap(api.PATCH("/api/admin/users/{user_id}/quotas", { params: path, body }));
    },
    { successMessage: t("users.changed"), invalidates: ["users"], silent: true, onDone: close },
  );
  const own = quotas.data?.own;
  return (
    <Modal
      open
      title={t("users.editOf", { name: account.username })}
      onCancel={close}
      onOk={() => form.submit()}
      okButtonProps={{ disabled: !own }}
      confirmLoading={save.isPending}
      okText={t("app.save")}
    >
      {quotas.isError && <ErrorAlert error={quotas.error} retry={() => void quotas.refetch()} />}
      {quotas.isPending && <Skeleton active />}
      {own && (
        <Form<FormValues>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{
            username: account.username,
            minutes: own.minutes_a_month,
            gigabytes: own.stored_bytes === null ? null : own.stored_bytes! / GB,
            jobs: own.queued_jobs,
          }}
          onFinish={(entered) =>
            save.mutate({
              ...entered,
              minutes: entered.minutes ?? null,
              gigabytes: entered.gigabytes ?? null,
              jobs: entered.jobs ?? null,
            })
          }
        >
          <ErrorAlert error={save.error} />
          <Form.Item
            name="username"
            label={t("login.username")}
            rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}
          >
            <Input autoComplete="off" maxLength={64} />
          </Form.Item>
          <p className="secondary">{t("users.quotasAbout")}</p>
          <QuotaItems quotas={quotas.data!} />
        </Form>
      )}
    </Modal>
  );
}

function QuotaItems({ quotas }: { quotas: Schemas["QuotasOfUser"] }) {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  return (
    <>
      <Form.Item
        name="minutes"
        label={t("account.minutes")}
        extra={t("users.hasUsed", { has: t("account.minutesOf", { count: tenths(quotas.used_minutes_this_month) }) })}
      >
        <InputNumber
          min={0}
          max={1e9}
          placeholder={t("users.asSettings")}
          suffix={t("users.minutesUnit")}
          style={{ width: "100%" }}
        />
      </Form.Item>
      <Form.Item
        name="gigabytes"
        label={t("account.stored")}
        extra={t("users.hasUsed", { has: bytes(quotas.used_stored_bytes) })}
      >
        <InputNumber
          min={0}
          max={1e9}
          step={1}
          placeholder={t("users.asSettings")}
          suffix="GB"
          style={{ width: "100%" }}
        />
      </Form.Item>
      <Form.Item
        name="jobs"
        label={t("account.queued")}
        extra={t("users.hasUsed", { has: number(quotas.used_queued_jobs) })}
      >
        <InputNumber min={0} max={10_000} precision={0} placeholder={t("users.asSettings")} style={{ width: "100%" }} />
      </Form.Item>
    </>
  );
}
