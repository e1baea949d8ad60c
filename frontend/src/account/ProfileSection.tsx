// Profile, quotas and usage, language and theme.
import { EditOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Descriptions, Progress, Segmented } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { ErrorAlert, ErrorPage } from "../app/Feedback";
import { tenths, useFormats } from "../app/formats";
import { chooseLanguage, chooseTheme, type Theme, useChosenTheme, useLanguage } from "../app/preferences";
import { modelState } from "../languageModel/endpoints";
import { currentUser } from "./queries";
import { RenameDialog } from "./RenameDialog";
import { TimeZoneSelect } from "./TimeZoneSelect";

export function ProfileSection() {
  const { t } = useTranslation();
  const { date } = useFormats();
  const { data: me, error, refetch } = useQuery(currentUser());
  const [renaming, setRenaming] = useState(false);
  if (error) return <ErrorPage error={error} retry={() => void refetch()} />;
  return (
    <>
      <Card
        title={<h2>{t("account.profile")}</h2>}
        loading={!me}
        extra={
          me && (
            <Button icon={<EditOutlined />} onClick={() => setRenaming(true)}>
              {t("account.rename")}
            </Button>
          )
        }
      >
        {me && (
          <Descriptions
            column={1}
            items={[
              { key: "name", label: t("login.username"), children: me.username },
              { key: "role", label: t("users.role"), children: t(`roles.${me.role}`) },
              { key: "since", label: t("users.since"), children: date(me.created_at) },
            ]}
          />
        )}
      </Card>
      {me && renaming && <RenameDialog name={me.username} close={() => setRenaming(false)} />}
      <UsageCard />
      <PreferencesCard />
    </>
  );
}

function UsageCard() {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const quota = useQuery({ queryKey: ["quota"], queryFn: () => unwrap(api.GET("/api/quota")) });
  const model = useQuery(modelState()).data;
  if (quota.isError)
    return (
      <Card title={<h2>{t("account.usage")}</h2>}>
        <ErrorAlert error={quota.error} retry={() => void quota.refetch()} />
      </Card>
    );
  const it = quota.data;
  return (
    <Card title={<h2>{t("account.usage")}</h2>} loading={!it}>
      {it && (
        <>
          <UsageRow
            label={t("account.minutes")}
            used={it.used_minutes_this_month}
            limit={it.minutes_a_month}
            format={(value) => t("account.minutesOf", { count: tenths(value) })}
          />
          <UsageRow label={t("account.stored")} used={it.used_stored_bytes} limit={it.stored_bytes} format={bytes} />
          <UsageRow label={t("account.queued")} used={it.used_queued_jobs} limit={it.queued_jobs} format={number} />
          {model?.configured && (
            <UsageRow
              label={t("account.tokens")}
              used={model.used_tokens}
              limit={model.daily_tokens || null}
              format={number}
            />
          )}
        </>
      )}
    </Card>
  );
}

function UsageRow({
  label,
  used,
  limit,
  format,
}: {
  label: string;
  used: number;
  limit: number | null;
  format: (value: number) => string;
}) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="usage-row">
      <span id={id}>{label}</span>
      <span className="numbers secondary">
        {limit === null
          ? t("account.noLimit", { has: format(used) })
          : t("account.ofLimit", { has: format(used), may: format(limit) })}
      </span>
      {limit !== null && (
        <Progress
          percent={limit > 0 ? Math.min(100, (100 * used) / limit) : 100}
          showInfo={false}
          status={used >= limit ? "exception" : "normal"}
          aria-labelledby={id}
        />
      )}
    </div>
  );
}

function PreferencesCard() {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useChosenTheme();
  return (
    <Card title={<h2>{t("account.preferences")}</h2>}>
      <div className="preferences">
        <span>{t("account.language")}</span>
        <Segmented
          aria-label={t("account.language")}
          value={language}
          options={[
            { value: "zh-CN" as const, label: t("languages.zh") },
            { value: "en" as const, label: t("languages.en") },
          ]}
          onChange={chooseLanguage}
        />
        <span>{t("account.theme")}</span>
        <Segmented<Theme | "system">
          aria-label={t("account.theme")}
          value={theme ?? "system"}
          options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`themes.${value}`) }))}
          onChange={(value) => chooseTheme(value === "system" ? null : value)}
        />
        <span>{t("account.timeZone")}</span>
        <TimeZoneSelect />
      </div>
    </Card>
  );
}
