// The minutes beside the transcript, with a citation for every statement.

import { EditOutlined, PartitionOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Select } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { currentUser } from "../account/queries";
import { api, type Recording, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import { lazyPart } from "../app/lazyPart";
import { useNewestJob } from "../library/liveJobs";
import { DEFAULT, useTemplateChoices, useTemplateName } from "../templates/templates";
import type { SegmentLinks } from "./citations";
import { draftOf, replaced } from "./draft";
import { AiNote, ModelJobStatus, nullIfMissing, RequiresModel } from "./languageModel";
import { type Minutes, MinutesText, partsOf } from "./MinutesText";
import { MinutesTools } from "./MinutesTools";
import { Proposal, VersionDifference } from "./Proposal";
import { saveMinutes } from "./saveMinutes";
import { loadDraft } from "./storedDraft";
import "./minutes.css";

const LANGUAGES = ["zh", "en", "ja", "ko", "fr", "de", "es"] as const;

const MindMap = lazyPart(async () => ({ default: (await import("./MindMap")).MindMap }));
const MinutesEditor = lazyPart(async () => ({ default: (await import("./MinutesEditor")).MinutesEditor }));

interface MinutesPanelProps {
  recording: Recording;
  links: SegmentLinks;
  flush: () => Promise<void>;
}

export function MinutesPanel({ recording, links, flush }: MinutesPanelProps) {
  const { t } = useTranslation();
  const templateName = useTemplateName();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const [version, setVersion] = useState<number | null>(null);
  /** Null until somebody has begun or ended editing. */
  const [editing, setEditing] = useState<boolean | null>(null);
  const [asMap, setAsMap] = useState(false);
  const user = useQuery(currentUser()).data?.id;
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
  const people = minutes ? peopleOf(minutes, links) : [];
  const newest = () => unwrap(api.GET("/api/recordings/{recording_id}/minutes", { params: { path } }));

  function show(saved: Minutes) {
    setEditing(false);
    setVersion(null);
    queries.setQueryData(["recording", recording.id, "minutes", null], saved);
    void queries.invalidateQueries({ queryKey: ["recording", recording.id, "minutes"] });
  }

  async function tick(place: number, done: boolean) {
    if (!minutes) return;
    const draft = draftOf(minutes.content);
    const actions = replaced(draft.actions, place, { ...draft.actions[place]!, done });
    try {
      show(await saveMinutes(recording.id, minutes.number, { ...draft, actions }));
    } catch (error) {
      messages.show(error);
      void read.refetch();
    }
  }

  const stored = minutes && user && editing === null ? loadDraft(user, recording.id) : null;
  if (minutes && user && (editing || stored))
    return (
      <section className="panel minutes" aria-label={t("minutes.name")}>
        <Suspense fallback={<Loading />}>
          <MinutesEditor
            user={user}
            stored={stored}
            minutes={minutes}
            people={people}
            links={links}
            newest={newest}
            onSaved={show}
            onCancel={() => setEditing(false)}
          />
        </Suspense>
      </section>
    );
  const isNewest =
    minutes !== null && (versions.data ?? [minutes]).every((one) => one.number <= minutes.number || one.proposal);
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
          {minutes.proposed !== null && isNewest && !minutes.proposal && (
            <Proposal current={minutes} number={minutes.proposed} onTaken={show} />
          )}
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
                label: `${t("minutes.versionOf", { number: one.number, template: templateName(one.template) })}${markOf(one)}`,
              }))}
              onChange={setVersion}
            />
            <Button
              size="small"
              icon={<PartitionOutlined aria-hidden />}
              aria-pressed={asMap}
              onClick={() => setAsMap(!asMap)}
            >
              {t("minutes.map")}
            </Button>
            {isNewest && !minutes.proposal && (
              <Button
                size="small"
                icon={<EditOutlined />}
                aria-label={t("minutes.edit")}
                onClick={() => setEditing(true)}
              >
                {t("minutes.edit")}
              </Button>
            )}
          </div>
          <MinutesTools recording={recording} number={minutes.number} />
          {minutes.number > 1 && (
            <VersionDifference key={minutes.number} recordingId={recording.id} minutes={minutes} />
          )}
          {asMap ? (
            <Suspense fallback={<Loading />}>
              <MindMap minutes={minutes} parts={partsOf(minutes)} links={links} />
            </Suspense>
          ) : (
            <MinutesText
              minutes={minutes}
              links={links}
              onTick={isNewest && !minutes.proposal ? (place, done) => void tick(place, done) : undefined}
            />
          )}
          <AiNote />
        </>
      )}
    </section>
  );

  function markOf({ edited, proposal }: { edited: boolean; proposal: string | null }): string {
    return proposal ? ` · ${t("minutes.proposed")}` : edited ? ` · ${t("minutes.byHand")}` : "";
  }
}

/** Everybody who is named in the minutes, with the current names of speakers. */
function peopleOf({ content }: Minutes, links: SegmentLinks): string[] {
  const speakers = content.speakers.map((one) => links.nameOf(one.speaker) ?? one.name);
  return [...new Set([...content.meeting.attendees, ...speakers, ...content.actions.map((one) => one.who)])].filter(
    Boolean,
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
