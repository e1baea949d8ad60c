// The state of the queue and its limits. A change applies at once and survives restarts.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Form, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import type { Limits, LimitsInForce } from "./types";

const NAMES = ["max_concurrent", "max_per_user", "max_size"] as const;
const MAXIMUM: Limits = { max_concurrent: 64, max_per_user: 64, max_size: 10_000 };

export function QueueLimits() {
  const { t } = useTranslation();
  const queue = useQuery({ queryKey: ["queue"], queryFn: () => unwrap(api.GET("/api/queue")), refetchInterval: 3_000 });
  const limits = useQuery({ queryKey: ["limits", "live"], queryFn: () => unwrap(api.GET("/api/admin/limits")) });
  return (
    <Card title={<h2>{t("queue.title")}</h2>} loading={limits.isPending}>
      <div className="figures spaced" role="status">
        <div className="figure">
          <strong>{queue.data?.running ?? "–"}</strong>
          <span>{t("queue.running")}</span>
        </div>
        <div className="figure">
          <strong>{queue.data?.waiting ?? "–"}</strong>
          <span>{t("queue.waiting")}</span>
        </div>
      </div>
      {limits.isError && <ErrorAlert error={limits.error} retry={() => void limits.refetch()} />}
      {limits.data && <LimitsForm key={NAMES.map((name) => limits.data[name]).join()} limits={limits.data} />}
    </Card>
  );
}

function LimitsForm({ limits }: { limits: LimitsInForce }) {
  const { t } = useTranslation();
  const change = useAction(
    (body: { [name in keyof Limits]?: number | null }) => unwrap(api.PATCH("/api/admin/limits", { body })),
    {
      successMessage: t("queue.changed"),
      invalidates: ["limits", "queue"],
      silent: true,
    },
  );
  const changed = NAMES.some((name) => limits[name] !== limits.settings[name]);
  return (
    <Form<Limits>
      layout="vertical"
      requiredMark={false}
      initialValues={limits}
      onFinish={(entered) => change.mutate(entered)}
    >
      <ErrorAlert error={change.error} />
      <div className="limits">
        {NAMES.map((name) => (
          <Form.Item
            key={name}
            name={name}
            label={t(`queue.${name}`)}
            extra={t("queue.setting", { value: limits.settings[name] })}
            rules={[{ required: true, message: t("upload.numberMissing") }]}
          >
            <InputNumber min={1} max={MAXIMUM[name]} precision={0} style={{ width: "100%" }} />
          </Form.Item>
        ))}
      </div>
      <Button type="primary" htmlType="submit" loading={change.isPending}>
        {t("app.save")}
      </Button>{" "}
      {changed && (
        <Button onClick={() => change.mutate({ max_concurrent: null, max_per_user: null, max_size: null })}>
          {t("queue.reset")}
        </Button>
      )}
    </Form>
  );
}
