// The retention rules. Each rule can be previewed before it is saved.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, InputNumber, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import type { RetentionRule, Since } from "./types";
import { UsageByUser } from "./UsageByUser";

export function RetentionCard() {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const retention = useQuery({ queryKey: ["retention"], queryFn: () => unwrap(api.GET("/api/admin/retention")) });
  return (
    <Card title={<h2>{t("retention.title")}</h2>} loading={retention.isPending}>
      <p className="section-about">{t("retention.about")}</p>
      {retention.isError && <ErrorAlert error={retention.error} retry={() => void retention.refetch()} />}
      {retention.data && (
        <>
          <ul className="plain-list" aria-label={t("retention.title")}>
            {retention.data.rules.map((rule) => (
              <Rule key={`${rule.kind} ${rule.days} ${rule.since}`} rule={rule} />
            ))}
          </ul>
          <p className="secondary">
            {t("retention.every", { count: retention.data.every_minutes })}{" "}
            {retention.data.last_run_at && t("retention.last", { at: dateTime(retention.data.last_run_at) })}
          </p>
        </>
      )}
    </Card>
  );
}

function Rule({ rule }: { rule: RetentionRule }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const [days, setDays] = useState(rule.days);
  const [since, setSince] = useState<Since>(rule.since);
  const path = { kind: rule.kind };
  const preview = useQuery({
    queryKey: ["retention", "preview", rule.kind, days, since],
    queryFn: () =>
      unwrap(api.GET("/api/admin/retention/{kind}/preview", { params: { path, query: { days: days!, since } } })),
    enabled: false,
    gcTime: 0,
  });
  const save = useAction(
    () => unwrap(api.PUT("/api/admin/retention/{kind}", { params: { path }, body: { days, since } })),
    { successMessage: t("retention.saved"), invalidates: ["retention"] },
  );
  const name = t(`retention.kinds.${rule.kind}`);
  const same = days === rule.days && since === rule.since;
  return (
    <li>
      <div className="about">
        <div className="rule">
          <span>
            {name}
            <small>{t(`retention.abouts.${rule.kind}`)}</small>
          </span>
          <InputNumber
            aria-label={t("retention.daysOf", { name })}
            min={1}
            max={36_500}
            precision={0}
            value={days}
            placeholder={t("retention.never")}
            suffix={t("retention.days")}
            style={{ width: "100%" }}
            onChange={(value) => setDays(value)}
          />
          <Select
            aria-label={t("retention.sinceOf", { name })}
            value={since}
            options={(["uploaded", "worked"] as const).map((value) => ({
              value,
              label: t(`retention.since.${value}`),
            }))}
            onChange={(value) => setSince(value)}
          />
          <span className="row-actions">
            <Button
              disabled={days === null}
              loading={preview.isFetching}
              aria-label={t("retention.previewOf", { name })}
              onClick={() => void preview.refetch()}
            >
              {t("retention.preview")}
            </Button>
            <Popconfirm
              title={days === null ? t("retention.offSure") : t("retention.sure", { count: days })}
              disabled={same}
              onConfirm={() => save.mutate(undefined)}
              okText={t("app.save")}
            >
              <Button
                type="primary"
                disabled={same}
                loading={save.isPending}
                aria-label={t("retention.saveOf", { name })}
              >
                {t("app.save")}
              </Button>
            </Popconfirm>
          </span>
        </div>
        {preview.isError && <ErrorAlert error={preview.error} />}
        {preview.data && (
          <div role="status">
            {preview.data.count === 0
              ? t("retention.nothing")
              : t("retention.wouldDelete", { count: preview.data.count, size: bytes(preview.data.bytes) })}
            <UsageByUser users={preview.data.users} />
          </div>
        )}
      </div>
    </li>
  );
}
