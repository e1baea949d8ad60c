// Everybody's jobs as they go, and the limits of the queue. Nobody here sees what a recording is called.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Empty, Select, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Job } from "../api/client";
import { useFormats } from "../app/formats";
import { Failed } from "../app/Notice";
import type { AnyJob, Kind } from "./types";
import { JobActions } from "./JobActions";
import { JobTag } from "./JobTag";
import { QueueLimits } from "./QueueLimits";
import { UserSelect } from "./UserSelect";

const SIZE = 50;
/** Nobody tells the console of other people's jobs, so it looks again. */
const LOOK_AGAIN = 3_000;

interface Asked {
  page: number;
  status?: Job["status"];
  kind?: Kind;
  owner?: string;
}

export function JobsSection() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const [asked, setAsked] = useState<Asked>({ page: 1 });
  const look = (changes: Partial<Asked>) => setAsked((before) => ({ ...before, page: 1, ...changes }));
  const found = useQuery({
    queryKey: ["any-jobs", asked],
    queryFn: () =>
      answer(
        api.GET("/api/admin/jobs", {
          params: { query: { status: asked.status, kind: asked.kind, owner_id: asked.owner, limit: SIZE, offset: (asked.page - 1) * SIZE } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN,
  });
  const columns: TableColumnsType<AnyJob> = [
    { title: t("library.state"), render: (_, job) => <JobTag job={job} /> },
    {
      title: t("console.owner"),
      render: (_, job) => (
        <>
          {job.owner_name}
          <small className="narrow-only">{t(`console.kinds.${job.kind}`)} · {moment(job.created_at)}</small>
        </>
      ),
    },
    { title: t("console.kind"), responsive: ["md"], render: (_, job) => t(`console.kinds.${job.kind}`) },
    { title: t("console.asked"), responsive: ["md"], render: (_, job) => moment(job.created_at) },
    { title: t("console.ended"), responsive: ["xl"], render: (_, job) => (job.finished_at ? moment(job.finished_at) : "–") },
    { title: <span className="unseen">{t("library.actions")}</span>, width: 56, render: (_, job) => <JobActions job={job} /> },
  ];
  return (
    <>
      <QueueLimits />
      <h2>{t("console.jobs")}</h2>
      <div className="filters">
        <Select
          allowClear
          placeholder={t("users.anyState")}
          aria-label={t("library.state")}
          value={asked.status}
          onChange={(status?: Job["status"]) => look({ status })}
          options={(["queued", "running", "done", "failed", "cancelled"] as const).map((value) => ({ value, label: t(`jobs.${value}`) }))}
        />
        <Select
          allowClear
          placeholder={t("console.anyKind")}
          aria-label={t("console.kind")}
          value={asked.kind}
          onChange={(kind?: Kind) => look({ kind })}
          options={(["transcript", "minutes", "polish", "repair"] as const).map((value) => ({ value, label: t(`console.kinds.${value}`) }))}
        />
        <UserSelect label={t("console.owner")} value={asked.owner} onChange={(owner) => look({ owner })} />
      </div>
      {found.isError ? (
        <Failed error={found.error} again={() => void found.refetch()} />
      ) : (
        <Table<AnyJob>
          rowKey="id"
          size="middle"
          columns={columns}
          dataSource={found.data?.jobs}
          loading={found.isPending}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("console.noJobs")} /> }}
          pagination={{ current: asked.page, pageSize: SIZE, total: found.data?.total ?? 0, hideOnSinglePage: true, showSizeChanger: false, onChange: (page) => setAsked({ ...asked, page }) }}
        />
      )}
    </>
  );
}
