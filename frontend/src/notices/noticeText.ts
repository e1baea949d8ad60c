// What a notice says about a job that has ended.
import { useTranslation } from "react-i18next";
import type { Job } from "../api/client";

export function useNoticeText(): (job: Job) => string {
  const { t } = useTranslation();
  return ({ kind, status }) => (status === "done" ? t(`notices.done.${kind}`) : t(`notices.failed.${kind}`));
}
