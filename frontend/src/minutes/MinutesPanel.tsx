// Minutes beside the transcript: written when asked for, every statement with where it was said.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError, type Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import { useNewestJob } from "../library/live";
import { MinutesText, type Minutes } from "./MinutesText";
import { AiNote, ModelJob, WithModel } from "./model";
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
              options={(versions.data ?? [minutes]).map((one) => ({ value: one.number, label: t("minutes.versionOf", { number: one.number, template: String(one.template.name ?? "") }) }))}
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
  const templates = useQuery({ queryKey: ["templates"], queryFn: () => answer(api.GET("/api/templates")), staleTime: 60_000 });
  const [template, setTemplate] = useState(typeof made?.template.key === "string" ? made.template.key : "bluf");
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
        loading={templates.isPending}
        options={templates.data?.map((one) => ({ value: one.key, label: one.name })) ?? [{ value: template, label: template }]}
        onChange={setTemplate}
      />
      <Select aria-label={t("minutes.language")} value={language} options={LANGUAGES.map((value) => ({ value, label: t(`minutes.languages.${value}`) }))} onChange={setLanguage} />
      <Button type={made && !made.stale ? "default" : "primary"} loading={sending} disabled={open} onClick={() => void write()}>{made ? t("minutes.again") : t("minutes.write")}</Button>
      {!made && !open && <p className="quiet">{t("minutes.none")}</p>}
    </div>
  );
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

/** What is not there yet is nothing wrong. */
function orNone(code: string) {
  return (error: unknown): null => {
    if (error instanceof ApiError && error.code === code) return null;
    throw error;
  };
}
