// The minutes beside the transcript, with a citation for every statement.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { currentUser } from "../account/queries";
import { api, download, type Recording, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import { saveFile } from "../app/saveFile";
import { useWrittenForm } from "../app/writtenForm";
import { useNewestJob } from "../library/liveJobs";
import { DEFAULT, useTemplateChoices, useTemplateName } from "../templates/templates";
import type { SegmentLinks } from "./citations";
import { AiNote, ModelJobStatus, nullIfMissing, RequiresModel } from "./languageModel";
import { type Minutes, MinutesText } from "./MinutesText";

const LANGUAGES = ["zh", "en", "ja", "ko", "fr", "de", "es"] as const;
const FORMATS = ["md", "docx", "pdf"] as const;

interface MinutesPanelProps {
  recording: Recording;
  links: SegmentLinks;
  flush: () => Promise<void>;
}

export function MinutesPanel({ recording, links, flush }: MinutesPanelProps) {
  const { t } = useTranslation();
  const templateName = useTemplateName();
  const [version, setVersion] = useState<number | null>(null);
  const path = { recording_id: recording.id };
  const job = useNewestJob(recording.id, "minutes");
  const read = useQuery({
    queryKey: ["recording", recording.id, "minutes", version],
    queryFn: () =>
      unwrap(api.GET("/api/recordings/{recording_id}/minutes", { params: { path, query: { version } } })).catch(
        nullIfMissing("minutes_not_found"),
      ),
    staleTime: 0,
  });
  const versions = useQuery({
    queryKey: ["recording", recording.id, "minutes", "versions"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/minutes/versions", { params: { path } })),
    staleTime: 0,
  });
  if (read.isPending) return <Loading />;
  if (read.isError) return <ErrorPage error={read.error} retry={() => void read.refetch()} />;
  const minutes = read.data;
  return (
    <section className="panel minutes" aria-label={t("minutes.name")}>
      <RequiresModel>
        <WriteForm
          key={minutes?.number ?? 0}
          recording={recording}
          existing={minutes}
          flush={flush}
          onWritten={() => setVersion(null)}
        />
        <ModelJobStatus job={job} />
      </RequiresModel>
      {minutes && (
        <>
          {minutes.stale && (
            <Alert type="warning" showIcon title={t("minutes.stale")} description={t("minutes.staleAbout")} />
          )}
          <div className="minutes-head">
            <Select
              size="small"
              aria-label={t("minutes.version")}
              value={minutes.number}
              options={(versions.data ?? [minutes]).map((one) => ({
                value: one.number,
                label: t("minutes.versionOf", { number: one.number, template: templateName(one.template) }),
              }))}
              onChange={setVersion}
            />
            <DownloadButtons recording={recording} number={minutes.number} />
          </div>
          <MinutesText minutes={minutes} links={links} />
          <AiNote />
        </>
      )}
    </section>
  );
}

interface WriteFormProps {
  recording: Recording;
  existing: Minutes | null;
  flush: () => Promise<void>;
  onWritten: () => void;
}

/** Template, language and the button that writes the minutes. */
function WriteForm({ recording, existing, flush, onWritten }: WriteFormProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const job = useNewestJob(recording.id, "minutes");
  const [sending, setSending] = useState(false);
  const { groups, found } = useTemplateChoices();
  const nameOf = useTemplateName();
  const [selectedTemplate, setTemplate] = useState(
    typeof existing?.template.key === "string" ? existing.template.key : DEFAULT,
  );
  const byKey = (key: unknown) => found.data?.find((one) => one.key === key);
  // A deleted template cannot be used again.
  const template = found.data && !byKey(selectedTemplate) ? DEFAULT : selectedTemplate;
  const chosen = byKey(template);
  const before = byKey(existing?.template.key);
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>(
    LANGUAGES.find((one) => one === existing?.language) ?? "zh",
  );
  const open = job?.status === "queued" || job?.status === "running";

  async function write() {
    setSending(true);
    try {
      await flush();
      await unwrap(
        api.POST("/api/recordings/{recording_id}/minutes", {
          params: { path: { recording_id: recording.id } },
          body: { template, language },
        }),
      );
      onWritten();
    } catch (error) {
      messages.show(error);
      void found.refetch(); // the template may have been deleted meanwhile
    } finally {
      setSending(false);
      void queries.invalidateQueries({ queryKey: ["recording", recording.id, "minutes"] });
    }
  }
  return (
    <div className="minutes-form">
      <Select
        aria-label={t("minutes.template")}
        value={template}
        loading={found.isPending}
        listHeight={400}
        options={found.data ? groups : [{ label: "", title: "", options: [{ value: template, label: "…" }] }]}
        showSearch={(found.data?.length ?? 0) > 12 && { optionFilterProp: "label" }}
        onChange={setTemplate}
      />
      <Select
        aria-label={t("minutes.language")}
        value={language}
        options={LANGUAGES.map((value) => ({ value, label: t(`minutes.languages.${value}`) }))}
        onChange={setLanguage}
      />
      <Button
        type={existing && !existing.stale ? "default" : "primary"}
        loading={sending}
        disabled={open}
        onClick={() => void write()}
      >
        {label()}
      </Button>
      <p className="secondary template-note">
        {found.isError && messages.textOf(found.error)}
        {chosen &&
          t("minutes.sections", {
            parts: chosen.parts.map((part) => t(`minutes.parts.${part}`)).join(t("app.comma")),
          })}{" "}
        <Link to="/account/templates">{t("minutes.templates")}</Link>
      </p>
      {existing && found.data && !before && <p className="secondary">{t("minutes.templateGone")}</p>}
      {existing && before && before.version > Number(existing.template.version ?? 1) && (
        <p className="secondary">
          {t("minutes.templateNewer", { made: Number(existing.template.version ?? 1), now: before.version })}
        </p>
      )}
      {!existing && !open && <p className="secondary">{t("minutes.none")}</p>}
    </div>
  );

  function label(): string {
    if (!existing) return t("minutes.write");
    return chosen && template !== existing.template.key
      ? t("minutes.againWith", { template: nameOf(chosen) })
      : t("minutes.again");
  }
}

function DownloadButtons({ recording, number }: { recording: Recording; number: number }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const { script } = useWrittenForm(useQuery(currentUser()).data?.id);
  async function save(format: (typeof FORMATS)[number]) {
    const content = await download(
      `/api/recordings/${recording.id}/minutes/export?format=${format}&version=${number}&script=${script}`,
      new AbortController().signal,
    );
    saveFile(`${recording.name.replace(/\.[^.]{1,5}$/, "")} ${t("minutes.name")}.${format}`, content);
  }
  return FORMATS.map((format) => (
    <Button
      key={format}
      size="small"
      icon={<DownloadOutlined />}
      aria-label={t("minutes.download", { format: format.toUpperCase() })}
      onClick={() => void save(format).catch(messages.show)}
    >
      {format.toUpperCase()}
    </Button>
  ));
}
