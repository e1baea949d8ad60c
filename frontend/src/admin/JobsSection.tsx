// The jobs of all users, and the queue limits. Recording names are not shown to admins.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Empty, Select, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Job, unwrap } from "../api/client";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { JobActions } from "./JobActions";
import { JobTag } from "./JobTag";
import { QueueLimits } from "./QueueLimits";
import type { AnyJob, Kind } from "./types";
import { UserSelect } from "./UserSelect";

const SIZE = 50;
/** The event socket reports only the user's own jobs, so the console polls. */
const REFRESH_INTERVAL = 3_000;

interface Filters {
  page: number;
  status?: Job["status"];
  kind?: Kind;
  owner?: string;
}

export function JobsSection() {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const [filters, setFilters] = useState<Filters>({ page: 1 });
  const update = (changes: Partial<Filters>) => setFilters((before) => ({ ...before, page: 1, ...changes }));
  const found = useQuery({
    queryKey: ["any-jobs", filters],
    queryFn: () =>
      unwrap(
        api.GET("/api/admin/jobs", {
          params: {
            query: {
              status: filters.status,
              kind: filters.kind,
              owner_id: filters.owner,
              limit: SIZE,
              offset: (filters.page - 1) * SIZE,
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_INTERVAL,
  });
  const columns: TableColumnsType<AnyJob> = [
    { title: t("library.state"), render: (_, job) => <JobTag job={job} /> },
    {
      title: t("console.owner"),
      render: (_, job) => (
        <>
          {job.owner_name}
          <small className="narrow-only">
            {t(`console.kinds.${job.kind}`)} · {dateTime(job.created_at)}
          </small>
        </>
      ),
    },
    { title: t("console.kind"), responsive: ["md"], render: (_, job) => t(`console.kinds.${job.kind}`) },
    { title: t("console.asked"), responsive: ["md"], render: (_, job) => dateTime(job.created_at) },
    {
      title: t("console.ended"),
      responsive: ["xl"],
      render: (_, job) => (job.finished_at ? dateTime(job.finished_at) : "–"),
    },
    {
      title: <span className="visually-hidden">{t("library.actions")}</span>,
      width: 56,
      render: (_, job) => <JobActions job={job} />,
    },
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
          value={filters.status}
          onChange={(status?: Job["status"]) => update({ status })}
          options={(["queued", "running", "done", "failed", "cancelled"] as const).map((value) => ({
            value,
            label: t(`jobs.${value}`),
          }))}
        />
        <Select
          allowClear
          placeholder={t("console.anyKind")}
          aria-label={t("console.kind")}
          value={filters.kind}
          onChange={(kind?: Kind) => update({ kind })}
          options={(["transcript", "minutes", "polish", "repair", "translation"] as const).map((value) => ({
            value,
            label: t(`console.kinds.${value}`),
          }))}
        />
        <UserSelect label={t("console.owner")} value={filters.owner} onChange={(owner) => update({ owner })} />
      </div>
      {found.isError ? (
        <ErrorPage error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Table<AnyJob>
          rowKey="id"
          size="middle"
          columns={columns}
          dataSource={found.data?.jobs}
          loading={found.isPending}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("console.noJobs")} /> }}
          pagination={{
            current: filters.page,
            pageSize: SIZE,
            total: found.data?.total ?? 0,
            hideOnSinglePage: true,
            showSizeChanger: false,
            onChange: (page) => setFilters({ ...filters, page }),
          }}
        />
      )}
    </>
  );
}
