// The table of recordings; in each row what the socket tells of its job, as long as it is the newest.
import { Grid, Table, type TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Job, Schemas } from "../api/client";
import { useFormats } from "../app/formats";
import { clock } from "../document/time";
import { ExportDialog } from "../exports/ExportDialog";
import { Actions } from "./Actions";
import { AgainDialog } from "./AgainDialog";
import { Bulk } from "./Bulk";
import { JobState } from "./JobState";
import { newestJobs, type Jobs } from "./live";
import { Name } from "./Name";
import { SIZES, SORTS, type View } from "./view";
import { Voices } from "./Voices";

type Row = Schemas["LibraryRecording"];

interface Seen {
  readonly view: View;
  readonly look: (changes: Partial<View>) => void;
  readonly found: Schemas["RecordingsOut"] | undefined;
  readonly loading: boolean;
  readonly jobs: Jobs;
  readonly empty: ReactNode;
}

export function RecordingTable({ view, look, found, loading, jobs, empty }: Seen) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [chosen, setChosen] = useState<Row[]>([]);
  const [writing, setWriting] = useState<string | null>(null);
  const [again, setAgain] = useState<Row | null>(null);
  const [exporting, setExporting] = useState<Row | null>(null);
  const narrow = Grid.useBreakpoint().md === false;
  const told = newestJobs(jobs);
  const jobOf = (row: Row): Job | undefined => newer(told.get(row.id), row.job ?? undefined);
  const sorted = (sort: View["sort"]) => ({ key: sort, sorter: true, sortOrder: view.sort === sort ? ORDERS[view.order] : null, sortDirections: ["descend" as const, "ascend" as const, "descend" as const] });

  const columns: TableColumnsType<Row> = [
    {
      title: t("library.name"),
      ...sorted("name"),
      render: (_, row) => (
        <>
          <Name recording={row} writing={writing === row.id} write={(on) => setWriting(on ? row.id : null)} />
          {narrow && (
            <div className="recording-facts">
              <JobState job={jobOf(row)} live={jobs.live} />
              <small>{formats.moment(row.created_at)}{row.duration !== null && ` · ${clock(row.duration)}`}{row.speakers?.length ? <> · <Voices voices={row.speakers} /></> : null}</small>
            </div>
          )}
        </>
      ),
    },
    { title: t("library.state"), key: "state", width: "24%", responsive: ["md"], render: (_, row) => <JobState job={jobOf(row)} live={jobs.live} /> },
    { title: t("library.speakers"), key: "speakers", width: 160, responsive: ["md"], render: (_, row) => <Voices voices={row.speakers} /> },
    { title: t("library.duration"), ...sorted("duration"), width: 110, align: "right", responsive: ["md"], render: (_, { duration }) => (duration === null ? "–" : clock(duration)) },
    { title: t("library.date"), ...sorted("date"), width: 180, responsive: ["md"], render: (_, row) => formats.moment(row.created_at) },
    {
      title: <span className="unseen">{t("library.actions")}</span>,
      key: "actions",
      width: 56,
      render: (_, row) => <Actions recording={row} job={jobOf(row)} wish={{ rename: () => setWriting(row.id), again: () => setAgain(row), export: () => setExporting(row) }} />,
    },
  ];

  return (
    <>
      {chosen.length > 0 && <Bulk chosen={chosen.map((row) => ({ id: row.id, name: row.name, job: jobOf(row) }))} clear={() => setChosen([])} />}
      <Table<Row>
        rowKey="id"
        columns={columns}
        dataSource={found?.items}
        loading={loading}
        showSorterTooltip={false}
        rowSelection={{
          columnWidth: 44,
          preserveSelectedRowKeys: true,
          selectedRowKeys: chosen.map((row) => row.id),
          onChange: (_, rows) => setChosen(rows),
          getCheckboxProps: (row) => ({ "aria-label": t("library.choose", { name: row.name }) }) as object,
          getTitleCheckboxProps: () => ({ "aria-label": t("library.chooseAll") }) as object,
        }}
        onChange={(_, __, sorter, { action }) => {
          if (action !== "sort" || Array.isArray(sorter)) return;
          const sort = SORTS.find((one) => one === sorter.columnKey) ?? "date";
          look({ sort, order: sorter.order === "ascend" ? "asc" : "desc" });
        }}
        pagination={{
          current: view.page,
          pageSize: view.size,
          total: found?.total ?? 0,
          showSizeChanger: true,
          pageSizeOptions: SIZES,
          hideOnSinglePage: (found?.total ?? 0) <= SIZES[0]!,
          showTotal: (count) => t("library.total", { count }),
          onChange: (page, size) => look({ page: size === view.size ? page : 1, size }),
        }}
        locale={{ emptyText: empty }}
      />
      {again && <AgainDialog recording={again} close={() => setAgain(null)} />}
      {exporting && <ExportDialog recordings={[exporting]} close={() => setExporting(null)} />}
    </>
  );
}

const ORDERS = { asc: "ascend", desc: "descend" } as const;

/** What the socket told and what the list said may be of two jobs: the later one counts. */
function newer(told: Job | undefined, listed: Job | undefined): Job | undefined {
  return told && (!listed || told.created_at >= listed.created_at) ? told : listed;
}
