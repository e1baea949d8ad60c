// Whether there is a language model, and what is said where there is none.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { whoAmI } from "../account/me";
import { answer, api, ApiError, type Job } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";

export function useLanguageModel() {
  return useQuery({ queryKey: ["language-model"], queryFn: () => answer(api.GET("/api/language-model")), staleTime: 60_000 });
}

/** What needs a language model; where there is none, that is said instead, and what was made before stays to be read. */
export function WithModel({ children, otherwise }: { children: ReactNode; otherwise?: ReactNode }) {
  const { t } = useTranslation();
  const model = useLanguageModel();
  const { data: me } = useQuery(whoAmI());
  if (model.isPending) return <Waiting />;
  if (model.isError) return <Failed error={model.error} again={() => void model.refetch()} />;
  if (model.data.configured) return children;
  const admin = me !== undefined && me.role !== "user";
  const said = admin ? t("model.noneAdmin") : model.data.own_allowed ? t("model.noneOwn") : t("model.noneUser");
  const way = admin ? "/admin/language-model" : model.data.own_allowed ? "/account/language-model" : null;
  return (
    <>
      <Alert type="info" showIcon title={t("model.none")} description={<>{said} {way && <Link to={way}>{t("model.toSetUp")}</Link>}</>} />
      {otherwise}
    </>
  );
}

/** How far a job of the language model is, or how it ended. */
export function ModelJob({ job }: { job: Job | undefined }) {
  const { t } = useTranslation();
  const messages = useMessages();
  if (!job) return null;
  const path = { params: { path: { job_id: job.id } } };
  const act = (asked: Promise<{ data?: unknown; error?: unknown; response: Response }>) => void answer(asked).catch(messages.tell);
  if (job.status === "queued" || job.status === "running") {
    const stage = job.stages.find((one) => one.name === job.stage);
    const percent = stage && stage.total_seconds > 0 ? Math.floor((100 * stage.done_seconds) / stage.total_seconds) : 0;
    return (
      <div className="model-job" role="status">
        <span>{job.status === "queued" ? t("jobs.queued") : t("model.working")}</span>
        <Progress percent={percent} size="small" aria-label={t("jobs.progress")} />
        <Button size="small" onClick={() => act(api.POST("/api/jobs/{job_id}/cancel", path))}>{t("model.cancel")}</Button>
      </div>
    );
  }
  const retry = <Button size="small" onClick={() => act(api.POST("/api/jobs/{job_id}/retry", path))}>{t("app.again")}</Button>;
  if (job.status === "failed") return <Alert type="warning" showIcon title={t("model.failed")} description={messages.byCode(job.error?.code ?? "internal_error")} action={retry} />;
  if (job.status === "done" && job.warnings.length > 0) return <Alert type="warning" showIcon title={[...new Set(job.warnings.map((one) => messages.byCode(one.code)))].join(" ")} action={retry} />;
  return null;
}

export function AiNote() {
  const { t } = useTranslation();
  return <p className="quiet">{t("model.note")}</p>;
}

/** What is not there yet is nothing wrong. */
export function orNone(code: string) {
  return (error: unknown): null => {
    if (error instanceof ApiError && error.code === code) return null;
    throw error;
  };
}
