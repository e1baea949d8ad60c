// Shared parts of the language model panels: availability, job status, and the note on generated text.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { currentUser } from "../account/queries";
import { ApiError, api, type Job, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";

export function useLanguageModel() {
  return useQuery({
    queryKey: ["language-model"],
    queryFn: () => unwrap(api.GET("/api/language-model")),
    staleTime: 60_000,
  });
}

/** Shows its children if a language model is configured, else how to set one up. */
export function RequiresModel({ children, fallback }: { children: ReactNode; fallback?: ReactNode }) {
  const { t } = useTranslation();
  const model = useLanguageModel();
  const { data: me } = useQuery(currentUser());
  if (model.isPending) return <Loading />;
  if (model.isError) return <ErrorPage error={model.error} retry={() => void model.refetch()} />;
  if (model.data.configured) return children;
  const admin = me !== undefined && me.role !== "user";
  const advice = admin ? t("model.noneAdmin") : model.data.own_allowed ? t("model.noneOwn") : t("model.noneUser");
  const settingsPath = admin ? "/admin/language-model" : model.data.own_allowed ? "/account/language-model" : null;
  return (
    <>
      <Alert
        type="info"
        showIcon
        title={t("model.none")}
        description={
          <>
            {advice} {settingsPath && <Link to={settingsPath}>{t("model.toSetUp")}</Link>}
          </>
        }
      />
      {fallback}
    </>
  );
}

/** The progress or outcome of a language model job. */
export function ModelJobStatus({ job }: { job: Job | undefined }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  if (!job) return null;
  const path = { params: { path: { job_id: job.id } } };
  const act = (request: Promise<{ data?: unknown; error?: unknown; response: Response }>) =>
    void unwrap(request).catch(messages.show);
  if (job.status === "queued" || job.status === "running") {
    const stage = job.stages.find((one) => one.name === job.stage);
    const percent = stage && stage.total_seconds > 0 ? Math.floor((100 * stage.done_seconds) / stage.total_seconds) : 0;
    return (
      <div className="model-job" role="status">
        <span>{job.status === "queued" ? t("jobs.queued") : t("model.working")}</span>
        <Progress percent={percent} size="small" aria-label={t("jobs.progress")} />
        <Button size="small" onClick={() => act(api.POST("/api/jobs/{job_id}/cancel", path))}>
          {t("model.cancel")}
        </Button>
      </div>
    );
  }
  const retry = (
    <Button size="small" onClick={() => act(api.POST("/api/jobs/{job_id}/retry", path))}>
      {t("app.again")}
    </Button>
  );
  if (job.status === "failed")
    return (
      <Alert
        type="warning"
        showIcon
        title={t("model.failed")}
        description={job.error ? messages.ofJob(job.error) : messages.byCode("internal_error")}
        action={retry}
      />
    );
  if (job.status === "done" && job.warnings.length > 0)
    return <Alert type="warning" showIcon title={messages.ofWarnings(job.warnings)} action={retry} />;
  return null;
}

export function AiNote() {
  const { t } = useTranslation();
  return <p className="secondary">{t("model.note")}</p>;
}

/** A catch handler that turns this error code into null. */
export function nullIfMissing(code: string) {
  return (error: unknown): null => {
    if (error instanceof ApiError && error.code === code) return null;
    throw error;
  };
}
