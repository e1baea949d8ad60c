// The progress of a job in a table cell: stage, processed audio, queue position and remaining time.
import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  StopOutlined,
  SyncOutlined,
  WarningOutlined,
} from "@ant-design/icons";
import { Progress, Tag, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Job } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { formatTime } from "../document/time";

export function JobState({ job, live }: { job: Job | undefined; live: boolean }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  if (!job) return <Tag>{t("jobs.none")}</Tag>;
  const left = live && job.eta_seconds !== null ? <span>{leftOf(job.eta_seconds)}</span> : null;
  function leftOf(seconds: number) {
    return seconds < 60 ? t("jobs.leftLittle") : t("jobs.left", { count: Math.round(seconds / 60) });
  }
  switch (job.status) {
    case "queued":
      return (
        <div className="job-state">
          <Tag icon={<ClockCircleOutlined />}>
            {job.position ? t("jobs.position", { position: job.position }) : t("jobs.queued")}
          </Tag>
          <small>{job.error ? messages.byCode(job.error.code) : left}</small>
        </div>
      );
    case "running": {
      // Two stages run in parallel: show the one that is further behind.
      const open = job.stages.filter((stage) => stage.done_seconds < stage.total_seconds);
      const stage = open.toSorted((a, b) => a.done_seconds / a.total_seconds - b.done_seconds / b.total_seconds)[0];
      const name = stage?.name ?? job.stage;
      const waits = live && typeof stage?.waits_behind === "number";
      return (
        <div className="job-state">
          <Tag color="processing" icon={waits ? <ClockCircleOutlined /> : <SyncOutlined spin={live} />}>
            {name ? t(`stages.${name}`) : t("jobs.running")}
          </Tag>
          {waits && <small>{t("jobs.waitsForEngine", { count: stage.waits_behind })}</small>}
          {stage && (
            <>
              <Progress
                percent={Math.floor((100 * stage.done_seconds) / stage.total_seconds)}
                size="small"
                showInfo={false}
                aria-label={t("jobs.progress")}
              />
              <small>
                {formatTime(stage.done_seconds)} / {formatTime(stage.total_seconds)} {left && <>· {left}</>}
              </small>
            </>
          )}
        </div>
      );
    }
    case "done":
      if (job.warnings.length === 0)
        return (
          <Tag color="success" icon={<CheckCircleOutlined />}>
            {t("jobs.done")}
          </Tag>
        );
      return (
        <Tooltip title={messages.ofWarnings(job.warnings)}>
          <Tag color="warning" icon={<WarningOutlined />} tabIndex={0}>
            {t("jobs.doneWithWarnings")}
          </Tag>
        </Tooltip>
      );
    case "failed":
      return (
        <div className="job-state">
          <Tag color="error" icon={<CloseCircleOutlined />}>
            {t("jobs.failed")}
          </Tag>
          {job.error && <small>{messages.byCode(job.error.code)}</small>}
        </div>
      );
    case "cancelled":
      return <Tag icon={<StopOutlined />}>{t("jobs.cancelled")}</Tag>;
  }
}
