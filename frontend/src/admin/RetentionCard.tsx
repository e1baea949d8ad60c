// What goes by itself after so many days; each rule can be tried before it is kept.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, InputNumber, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Problem } from "../app/Notice";
import type { RetentionRule, Since } from "./types";
import { Whose } from "./Whose";

export function RetentionCard() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const retention = useQuery({ queryKey: ["retention"], queryFn: () => answer(api.GET("/api/admin/retention")) });
  return (
    <Card title={<h2>{t("retention.title")}</h2>} loading={retention.isPending}>
      <p className="section-about">{t("retention.about")}</p>
      {retention.isError && <Problem error={retention.error} again={() => void retention.refetch()} />}
      {retention.data && (
        <>
          <ul className="plain-list" aria-label={t("retention.title")}>{retention.data.rules.map((rule) => <Rule key={`${rule.kind} ${rule.days} ${rule.since}`} rule={rule} />)}</ul>
          <p className="quiet">
            {t("retention.every", { count: retention.data.every_minutes })} {retention.data.last_run_at && t("retention.last", { at: moment(retention.data.last_run_at) })}
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
    queryFn: () => answer(api.GET("/api/admin/retention/{kind}/preview", { params: { path, query: { days: days!, since } } })),
    enabled: false,
    gcTime: 0,
  });
  const save = useDoing(() => answer(api.PUT("/api/admin/retention/{kind}", { params: { path }, body: { days, since } })), { said: t("retention.saved"), changes: ["retention"] });
  const name = t(`retention.kinds.${rule.kind}`);
  const same = days === rule.days && since === rule.since;
  return (
    <li>
      <div className="about">
        <div className="rule">
          <span>{name}<small>{t(`retention.abouts.${rule.kind}`)}</small></span>
          <InputNumber aria-label={t("retention.daysOf", { name })} min={1} max={36_500} precision={0} value={days} placeholder={t("retention.never")} suffix={t("retention.days")} style={{ width: "100%" }} onChange={(value) => setDays(value)} />
          <Select aria-label={t("retention.sinceOf", { name })} value={since} options={(["uploaded", "worked"] as const).map((value) => ({ value, label: t(`retention.since.${value}`) }))} onChange={(value) => setSince(value)} />
          <span className="decide">
            <Button disabled={days === null} loading={preview.isFetching} aria-label={t("retention.previewOf", { name })} onClick={() => void preview.refetch()}>{t("retention.preview")}</Button>
            <Popconfirm title={days === null ? t("retention.offSure") : t("retention.sure", { count: days })} disabled={same} onConfirm={() => save.mutate(undefined)} okText={t("app.save")}>
              <Button type="primary" disabled={same} loading={save.isPending} aria-label={t("retention.saveOf", { name })}>{t("app.save")}</Button>
            </Popconfirm>
          </span>
        </div>
        {preview.isError && <Problem error={preview.error} />}
        {preview.data && (
          <div role="status">
            {preview.data.count === 0 ? t("retention.nothing") : t("retention.wouldGo", { count: preview.data.count, size: bytes(preview.data.bytes) })}
            <Whose users={preview.data.users} />
          </div>
        )}
      </div>
    </li>
  );
}
