// The recordings of one person, and how far each of them is.
import { InboxOutlined, UploadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { answer, api, type Job, type Recording } from "../api/client";
import { Failed } from "../app/Notice";
import { clock } from "../document/time";
import { UploadDialog } from "../upload/UploadDialog";
import { UploadLine } from "../upload/UploadLine";
import { Actions } from "./Actions";
import { JobState } from "./JobState";
import { newestJobs, useJobs } from "./live";

export function LibraryPage() {
  const { t, i18n } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const [dropped, setDropped] = useState<File[] | null>(null);
  const q = search.get("q") ?? "";
  const page = Math.max(1, Number(search.get("page")) || 1);
  const size = [20, 50, 100].find((one) => one === Number(search.get("size"))) ?? 20;
  const found = useQuery({
    queryKey: ["recordings", q, page, size],
    queryFn: () => answer(api.GET("/api/recordings", { params: { query: { q, offset: (page - 1) * size, limit: size } } })),
    placeholderData: keepPreviousData,
  });
  const jobs = useJobs();
  const newest = useNewest(found.data?.items ?? [], newestJobs(jobs), jobs.known);

  function look(changes: Record<string, string>) {
    setSearch((before) => {
      for (const [name, value] of Object.entries(changes)) {
        if (value) before.set(name, value);
        else before.delete(name);
      }
      return before;
    }, { replace: true });
  }

  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  const columns: TableColumnsType<Recording> = [
    {
      title: t("library.name"),
      key: "name",
      render: (_, recording) => (
        <>
          <Link className="recording-name" to={`/recordings/${recording.id}`}>{recording.name}</Link>
          <small className="narrow-only">{when.format(new Date(recording.created_at))}</small>
        </>
      ),
    },
    { title: t("library.state"), key: "state", width: "30%", render: (_, recording) => <JobState job={newest.get(recording.id)} live={jobs.live} /> },
    { title: t("library.duration"), key: "duration", width: 100, align: "right", responsive: ["md"], render: (_, { duration }) => (duration === null ? "–" : clock(duration)) },
    { title: t("library.date"), key: "date", width: 190, responsive: ["md"], render: (_, { created_at }) => when.format(new Date(created_at)) },
    { title: <span className="unseen">{t("library.actions")}</span>, key: "actions", width: 64, render: (_, recording) => <Actions recording={recording} job={newest.get(recording.id)} /> },
  ];

  return (
    <section
      className="page"
      onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        setDropped([...event.dataTransfer.files]);
      }}
    >
      <header className="page-head">
        <h1>{t("app.library")}</h1>
        <Input.Search
          className="search"
          allowClear
          defaultValue={q}
          placeholder={t("library.search")}
          aria-label={t("library.search")}
          onSearch={(text) => look({ q: text.trim(), page: "" })}
        />
        <Button type="primary" icon={<UploadOutlined />} onClick={() => setDropped([])}>{t("upload.open")}</Button>
      </header>
      {jobs.known && !jobs.live && <Alert className="spaced" type="warning" showIcon title={t("library.notLive")} />}
      <UploadLine />
      {found.isError ? (
        <Failed error={found.error} again={() => void found.refetch()} />
      ) : (
        <Table<Recording>
          rowKey="id"
          columns={columns}
          dataSource={found.data?.items}
          loading={found.isPending}
          pagination={{
            current: page,
            pageSize: size,
            total: found.data?.total ?? 0,
            showSizeChanger: true,
            pageSizeOptions: [20, 50, 100],
            hideOnSinglePage: (found.data?.total ?? 0) <= 20,
            showTotal: (count) => t("library.total", { count }),
            onChange: (next, nextSize) => look({ page: next > 1 && nextSize === size ? String(next) : "", size: String(nextSize) }),
          }}
          locale={{
            emptyText: q ? (
              <Empty description={t("library.noneFound", { q })} />
            ) : (
              <Empty image={<InboxOutlined className="empty-image" />} description={t("library.empty")}>
                <Button type="primary" onClick={() => setDropped([])}>{t("upload.open")}</Button>
              </Empty>
            ),
          }}
        />
      )}
      {dropped && <UploadDialog dropped={dropped} close={() => setDropped(null)} />}
    </section>
  );
}

/** The socket tells of open and of new jobs; those of older recordings are asked for. */
function useNewest(recordings: Recording[], told: Map<string, Job>, known: boolean): Map<string, Job> {
  const older = known ? recordings.filter((recording) => !told.has(recording.id)) : [];
  const asked = useQueries({
    queries: older.map(({ id }) => ({
      queryKey: ["jobs", "of", id],
      queryFn: () => answer(api.GET("/api/jobs", { params: { query: { recording_id: id, kind: "transcript", limit: 1 } } })),
      staleTime: 60_000,
    })),
  });
  const all = new Map(told);
  for (const { data } of asked) for (const job of data?.jobs ?? []) all.set(job.recording_id, job);
  return all;
}
