// The translation beside the transcript: line by line, to check and correct, and to download with the text.
import { useQuery } from "@tanstack/react-query";
import { Button, Popconfirm, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Recording, type Schemas, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import { useNewestJob } from "../library/liveJobs";
import type { SegmentLinks } from "./citations";
import { AiNote, ModelJobStatus, RequiresModel } from "./languageModel";
import { TranslationDownload } from "./TranslationDownload";
import { TranslationLines } from "./TranslationLines";

type Target = Schemas["TranslationRequest"]["language"];

const TARGETS: readonly Target[] = [
  "en",
  "zh",
  "ja",
  "ko",
  "fr",
  "de",
  "es",
  "pt",
  "it",
  "ru",
  "ar",
  "vi",
  "th",
  "id",
  "ms",
  "hi",
  "tr",
  "nl",
  "pl",
  "uk",
];

interface TranslationPanelProps {
  recording: Recording;
  links: SegmentLinks;
  flush: () => Promise<void>;
}

export function TranslationPanel({ recording, links, flush }: TranslationPanelProps) {
  const { t, i18n } = useTranslation();
  const messages = useErrorMessages();
  const [selected, setSelected] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const path = { recording_id: recording.id };
  const job = useNewestJob(recording.id, "translation");
  const working = job?.status === "queued" || job?.status === "running";
  const all = useQuery({
    queryKey: ["recording", recording.id, "translation", "all"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/translations", { params: { path } })),
    staleTime: 0,
  });
  if (all.isPending) return <Loading />;
  if (all.isError) return <ErrorPage error={all.error} retry={() => void all.refetch()} />;
  const language = selected ?? all.data[0]?.language ?? "en";
  const found = all.data.find((one) => one.language === language);
  const names = new Intl.DisplayNames([i18n.language], { type: "language" });
  const open = found ? found.stale + found.missing : 0;

  async function run(work: () => Promise<unknown>) {
    setPending(true);
    try {
      await flush();
      await work();
    } catch (error) {
      messages.show(error);
    } finally {
      setPending(false);
      await all.refetch();
    }
  }
  const start = () =>
    run(() =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/translations", {
          params: { path },
          body: { language: language as Target },
        }),
      ),
    );
  const remove = () =>
    run(() =>
      unwrap(
        api.DELETE("/api/recordings/{recording_id}/translations/{language}", {
          params: { path: { ...path, language } },
        }),
      ),
    );

  return (
    <section className="panel translation" aria-label={t("translation.name")}>
      <Space wrap>
        <Select
          aria-label={t("translation.language")}
          value={language}
          style={{ minWidth: 160 }}
          options={TARGETS.map((value) => ({
            value,
            label: all.data.some((one) => one.language === value)
              ? t("translation.made", { language: names.of(value) })
              : names.of(value),
          }))}
          onChange={(value) => setSelected(value)}
        />
        {found && (
          <Popconfirm
            title={t("translation.deleteSure", { language: names.of(language) })}
            okText={t("translation.delete")}
            onConfirm={remove}
          >
            <Button size="small">{t("translation.delete")}</Button>
          </Popconfirm>
        )}
      </Space>
      <RequiresModel>
        {!found && <p className="secondary">{t("translation.about")}</p>}
        {(!found || open > 0) && (
          <Button
            type={found ? "default" : "primary"}
            loading={pending}
            disabled={working}
            onClick={() => void start()}
          >
            {found ? t("translation.again", { count: open }) : t("translation.begin", { language: names.of(language) })}
          </Button>
        )}
        <ModelJobStatus job={job} />
      </RequiresModel>
      {found && (
        <>
          <p role="status">
            {t("translation.count", { current: found.current, count: found.current + open })}
            {found.doubtful > 0 && ` ${t("translation.doubtful", { count: found.doubtful })}`}
            {found.stale > 0 && ` ${t("translation.stale", { count: found.stale })}`}
          </p>
          <TranslationDownload recording={recording} language={language} flush={flush} />
          <TranslationLines key={language} id={recording.id} language={language} links={links} />
          <AiNote />
        </>
      )}
    </section>
  );
}
