// Minutes beside the transcript: written when asked for, every statement with where it was said.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { answer, api, type Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import { useNewestJob } from "../library/live";
import { DEFAULT, useTemplateChoices, useTemplateName } from "../templates/templates";
import { MinutesText, type Minutes } from "./MinutesText";
import { AiNote, ModelJob, orNone, WithModel } from "./model";
import type { Places } from "./places";
import { take } from "./take";

const LANGUAGES = ["zh", "en", "ja", "ko", "fr", "de", "es"] as const;
const FORMATS = ["md", "docx"] as const;

interface Panel {
  recording: Recording;
  places: Places;
  stored: () => Promise<void>;
}

export function MinutesPanel({ recording, places, stored }: Panel) {
  const { t } = useTranslation();
  const templateName = useTemplateName();
  const [version, setVersion] = useState<number | null>(null);
  const path = { recording_id: recording.id };
  const job = useNewestJob(recording.id, "minutes");
  const read = useQuery({
    queryKey: ["recording", recording.id, "minutes", version],
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/minutes", { params: { path, query: { version } } })).catch(orNone("minutes_not_found")),
    staleTime: 0,
  });
  const versions = useQuery({
    queryKey: ["recording", recording.id, "minutes", "versions"],
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/minutes/versions", { params: { path } })),
    staleTime: 0,
  });
  if (read.isPending) return <Waiting />;
  if (read.isError) return <Failed error={read.error} again={() => void read.refetch()} />;
  const minutes = read.data;
  return (
    <section className="panel minutes" aria-label={t("minutes.name")}>
      <WithModel>
        <Write key={minutes?.number ?? 0} recording={recording} made={minutes} stored={stored} then={() => setVersion(null)} />
        <ModelJob job={job} />
      </WithModel>
      {minutes && (
        <>
          {minutes.stale && <Alert type="warning" showIcon title={t("minutes.stale")} description={t("minutes.staleAbout")} />}
          <div className="minutes-head">
            <Select
              size="small"
              aria-label={t("minutes.version")}
              value={minutes.number}
              options={(versions.data ?? [minutes]).map((one) => ({ value: one.number, label: t("minutes.versionOf", { number: one.number, template: templateName(one.template) }) }))}
              onChange={setVersion}
            />
            <Take recording={recording} number={minutes.number} />
          </div>
          <MinutesText minutes={minutes} places={places} />
          <AiNote />
        </>
      )}
    </section>
  );
}

interface Form {
  recording: Recording;
  made: Minutes | null;
  stored: () => Promise<void>;
  then: () => void;
}

/** What minutes are wanted, and the button. */
function Write({ recording, made, stored, then }: Form) {
  const { t } = useTranslation();
  const messages = useMessages();
  const queries = useQueryClient();
  const job = useNewestJob(recording.id, "minutes");
  const [sending, setSending] = useState(false);
  const { groups, found } = useTemplateChoices();
  const nameOf = useTemplateName();
  const [wanted, setTemplate] = useState(typeof made?.template.key === "string" ? made.template.key : DEFAULT);
  const byKey = (key: unknown) => found.data?.find((one) => one.key === key);
  // One that was deleted cannot be asked for again.
  const template = found.data && !byKey(wanted) ? DEFAULT : wanted;
  const chosen = byKey(template);
  const before = byKey(made?.template.key);
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>(LANGUAGES.find((one) => one === made?.language) ?? "zh");
  const open = job?.status === "queued" || job?.status === "running";

  async function write() {
    setSending(true);
    try {
      await stored();
      await answer(api.POST("/api/recordings/{recording_id}/minutes", { params: { path: { recording_id: recording.id } }, body: { template, language } }));
      then();
    } catch (error) {
      messages.tell(error);
      void found.refetch(); // the template may have gone meanwhile
    } finally {
      setSending(false);
      void queries.invalidateQueries({ queryKey: ["recording", recording.id, "minutes"] });
    }
  }
  return (
    <div className="write">
      <Select
        aria-label={t("minutes.template")}
        value={template}
        loading={found.isPending}
        listHeight={400}
        options={found.data ? groups : [{ label: "", title: "", options: [{ value: template, label: "…" }] }]}
        showSearch={(found.data?.length ?? 0) > 12 && { optionFilterProp: "label" }}
        onChange={setTemplate}
      />
      <Select aria-label={t("minutes.language")} value={language} options={LANGUAGES.map((value) => ({ value, label: t(`minutes.languages.${value}`) }))} onChange={setLanguage} />
      <Button type={made && !made.stale ? "default" : "primary"} loading={sending} disabled={open} onClick={() => void write()}>{label()}</Button>
      <p className="quiet template-note">
        {found.isError && messages.of(found.error)}
        {chosen && t("minutes.looks", { parts: chosen.parts.map((part) => t(`minutes.parts.${part}`)).join(t("app.comma")) })}{" "}
        <Link to="/account/templates">{t("minutes.templates")}</Link>
      </p>
      {made && found.data && !before && <p className="quiet">{t("minutes.templateGone")}</p>}
      {made && before && before.version > Number(made.template.version ?? 1) && <p className="quiet">{t("minutes.templateNewer", { made: Number(made.template.version ?? 1), now: before.version })}</p>}
      {!made && !open && <p className="quiet">{t("minutes.none")}</p>}
    </div>
  );

  function label(): string {
    if (!made) return t("minutes.write");
    return chosen && template !== made.template.key ? t("minutes.againWith", { template: nameOf(chosen) }) : t("minutes.again");
  }
}

function Take({ recording, number }: { recording: Recording; number: number }) {
  const { t } = useTranslation();
  const messages = useMessages();
  return FORMATS.map((format) => (
    <Button
      key={format}
      size="small"
      icon={<DownloadOutlined />}
      aria-label={t("minutes.take", { format: format.toUpperCase() })}
      onClick={() => void take(`/api/recordings/${recording.id}/minutes/export?format=${format}&version=${number}`, `${recording.name.replace(/\.[^.]{1,5}$/, "")} ${t("minutes.name")}.${format}`).catch(messages.tell)}
    >
      {format.toUpperCase()}
    </Button>
  ));
}
