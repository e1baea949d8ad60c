// Who one is here, how much one may have and has, and how one likes the page.
import { EditOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Descriptions, Progress, Segmented } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useFormats } from "../app/formats";
import { Failed, Problem } from "../app/Notice";
import { chooseLanguage, chooseTheme, useChosenTheme, useLanguage, type Theme } from "../app/preferences";
import { modelState } from "../languageModel/endpoints";
import { whoAmI } from "./me";
import { RenameDialog } from "./RenameDialog";

export function ProfileSection() {
  const { t } = useTranslation();
  const { day } = useFormats();
  const { data: me, error, refetch } = useQuery(whoAmI());
  const [renaming, setRenaming] = useState(false);
  if (error) return <Failed error={error} again={() => void refetch()} />;
  return (
    <>
      <Card title={<h2>{t("account.profile")}</h2>} loading={!me} extra={me && <Button icon={<EditOutlined />} onClick={() => setRenaming(true)}>{t("account.rename")}</Button>}>
        {me && (
          <Descriptions
            column={1}
            items={[
              { key: "name", label: t("login.username"), children: me.username },
              { key: "role", label: t("users.role"), children: t(`roles.${me.role}`) },
              { key: "since", label: t("users.since"), children: day(me.created_at) },
            ]}
          />
        )}
      </Card>
      {me && renaming && <RenameDialog name={me.username} close={() => setRenaming(false)} />}
      <Use />
      <Likes />
    </>
  );
}

function Use() {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const quota = useQuery({ queryKey: ["quota"], queryFn: () => answer(api.GET("/api/quota")) });
  const model = useQuery(modelState()).data;
  if (quota.isError) return <Card title={<h2>{t("account.use")}</h2>}><Problem error={quota.error} again={() => void quota.refetch()} /></Card>;
  const it = quota.data;
  return (
    <Card title={<h2>{t("account.use")}</h2>} loading={!it}>
      {it && (
        <>
          <Share label={t("account.minutes")} has={it.used_minutes_this_month} may={it.minutes_a_month} said={(value) => t("account.minutesOf", { count: number(value) })} />
          <Share label={t("account.stored")} has={it.used_stored_bytes} may={it.stored_bytes} said={bytes} />
          <Share label={t("account.queued")} has={it.used_queued_jobs} may={it.queued_jobs} said={number} />
          {model?.configured && <Share label={t("account.tokens")} has={model.used_tokens} may={model.daily_tokens || null} said={number} />}
        </>
      )}
    </Card>
  );
}

function Share({ label, has, may, said }: { label: string; has: number; may: number | null; said: (value: number) => string }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="share">
      <span id={id}>{label}</span>
      <span className="numbers quiet">{may === null ? t("account.noLimit", { has: said(has) }) : t("account.ofLimit", { has: said(has), may: said(may) })}</span>
      {may !== null && <Progress percent={may > 0 ? Math.min(100, (100 * has) / may) : 100} showInfo={false} status={has >= may ? "exception" : "normal"} aria-labelledby={id} />}
    </div>
  );
}

function Likes() {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useChosenTheme();
  return (
    <Card title={<h2>{t("account.likes")}</h2>}>
      <div className="choices">
        <span>{t("account.language")}</span>
        <Segmented
          aria-label={t("account.language")}
          value={language}
          options={[{ value: "zh-CN" as const, label: t("languages.zh") }, { value: "en" as const, label: t("languages.en") }]}
          onChange={chooseLanguage}
        />
        <span>{t("account.theme")}</span>
        <Segmented<Theme | "system">
          aria-label={t("account.theme")}
          value={theme ?? "system"}
          options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`themes.${value}`) }))}
          onChange={(value) => chooseTheme(value === "system" ? null : value)}
        />
      </div>
    </Card>
  );
}
