// What somebody is called, and how much he or she may have.
import { useQuery } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Account, type Schemas } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Problem } from "../app/Notice";

interface Entered {
  username: string;
  minutes: number | null;
  gigabytes: number | null;
  jobs: number | null;
}

const GB = 1024 ** 3;

export function EditUserDialog({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Entered>();
  const path = { path: { user_id: account.id } };
  const quotas = useQuery({ queryKey: ["users", "quotas", account.id], queryFn: () => answer(api.GET("/api/admin/users/{user_id}/quotas", { params: path })), gcTime: 0 });
  const save = useDoing(
    async ({ username, minutes, gigabytes, jobs }: Entered) => {
      if (username.trim() !== account.username) await answer(api.PATCH("/api/admin/users/{user_id}", { params: path, body: { username: username.trim() } }));
      const body = { minutes_a_month: minutes, stored_bytes: gigabytes === null ? null : Math.round(gigabytes * GB), queued_jobs: jobs };
      await answer(api.PATCH("/api/admin/users/{user_id}/quotas", { params: path, body }));
    },
    { said: t("users.changed"), changes: ["users"], silent: true, then: close },
  );
  const own = quotas.data?.own;
  return (
    <Modal open title={t("users.editOf", { name: account.username })} onCancel={close} onOk={() => form.submit()} okButtonProps={{ disabled: !own }} confirmLoading={save.isPending} okText={t("app.save")}>
      {quotas.isError && <Problem error={quotas.error} again={() => void quotas.refetch()} />}
      {quotas.isPending && <Skeleton active />}
      {own && (
        <Form<Entered>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{ username: account.username, minutes: own.minutes_a_month, gigabytes: own.stored_bytes === null ? null : own.stored_bytes! / GB, jobs: own.queued_jobs }}
          onFinish={(entered) => save.mutate({ ...entered, minutes: entered.minutes ?? null, gigabytes: entered.gigabytes ?? null, jobs: entered.jobs ?? null })}
        >
          <Problem error={save.error} />
          <Form.Item name="username" label={t("login.username")} rules={[{ required: true, whitespace: true, message: t("login.usernameMissing") }]}>
            <Input autoComplete="off" maxLength={64} />
          </Form.Item>
          <p className="quiet">{t("users.quotasAbout")}</p>
          <QuotaItems has={quotas.data!} />
        </Form>
      )}
    </Modal>
  );
}

function QuotaItems({ has }: { has: Schemas["QuotasOfUser"] }) {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  return (
    <>
      <Form.Item name="minutes" label={t("account.minutes")} extra={t("users.hasUsed", { has: t("account.minutesOf", { count: number(has.used_minutes_this_month) }) })}>
        <InputNumber min={0} max={1e9} placeholder={t("users.asSettings")} suffix={t("users.minutesUnit")} style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="gigabytes" label={t("account.stored")} extra={t("users.hasUsed", { has: bytes(has.used_stored_bytes) })}>
        <InputNumber min={0} max={1e9} step={1} placeholder={t("users.asSettings")} suffix="GB" style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="jobs" label={t("account.queued")} extra={t("users.hasUsed", { has: number(has.used_queued_jobs) })}>
        <InputNumber min={0} max={10_000} precision={0} placeholder={t("users.asSettings")} style={{ width: "100%" }} />
      </Form.Item>
    </>
  );
}
