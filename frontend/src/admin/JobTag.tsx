// The state of a job, in a table cell.
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { useErrorMessages } from "../api/useErrorMessages";
import type { AnyJob } from "./types";

const COLORS = {
  queued: "default",
  running: "processing",
  done: "success",
  failed: "error",
  cancelled: "default",
} as const;

export function JobTag({ job }: { job: AnyJob }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const left =
    job.eta_seconds === null
      ? null
      : job.eta_seconds < 60
        ? t("jobs.leftLittle")
        : t("jobs.left", { count: Math.round(job.eta_seconds / 60) });
  const open = job.status === "queued" || job.status === "running";
  return (
    <div className="job-state">
      <Tag color={COLORS[job.status]}>
        {job.status === "queued" && job.position
          ? t("jobs.position", { position: job.position })
          : job.status === "running" && job.stage
            ? t(`stages.${job.stage}`)
            : t(`jobs.${job.status}`)}
      </Tag>
      {open && left && <small>{left}</small>}
      {job.error && <small>{messages.byCode(job.error.code)}</small>}
      {job.attempt > 1 && <small>{t("console.attempt", { count: job.attempt })}</small>}
    </div>
  );
}
