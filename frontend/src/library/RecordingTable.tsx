// The table of recordings. Each row shows the newest job, from the socket or from the list.

import { useQuery } from "@tanstack/react-query";
import { Grid, Table, type TableColumnsType } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import type { Job, Schemas } from "../api/client";
import { useFormats } from "../app/formats";
import { titleOf } from "../app/recordingTitle";
import { formatTime } from "../document/time";
import { BulkActions } from "./BulkActions";
import { ExportDialog, MoveDialog, TableLookMenu, TagDialog, TranscribeAgainDialog } from "./dialogs";
import { JobState } from "./JobState";
import { type Jobs, newestJobs } from "./liveJobs";
import { RecordingActions } from "./RecordingActions";
import { RecordingName } from "./RecordingName";
import { SpeakerNames } from "./SpeakerNames";
import { useTableLook } from "./tableLook";
import { SIZES, SORTS, tagsOf, type View } from "./view";

type Row = Schemas["LibraryRecording"];

interface RecordingTableProps {
  readonly view: View;
  readonly setView: (changes: Partial<View>) => void;
  readonly found: Schemas["RecordingsOut"] | undefined;
  readonly loading: boolean;
  readonly jobs: Jobs;
  readonly empty: ReactNode;
}

export function RecordingTable({ view, setView, found, loading, jobs, empty }: RecordingTableProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [chosen, setChosen] = useState<Row[]>([]);
  const [renaming, setRenaming] = useState<string | null>(null);
  const [again, setAgain] = useState<Row | null>(null);
  const [exporting, setExporting] = useState<Row | null>(null);
  const [tagging, setTagging] = useState<Row | null>(null);
  const [moving, setMoving] = useState<Row | null>(null);
  const [look, setLook] = useTableLook(useQuery(currentUser()).data?.id);
  const narrow = Grid.useBreakpoint().md === false;
  const liveByRecording = newestJobs(jobs);
  const jobOf = (row: Row): Job | undefined => newer(liveByRecording.get(row.id), row.job ?? undefined);
  const sorted = (sort: View["sort"]) => ({
    key: sort,
    sorter: true,
    sortOrder: view.sort === sort ? ORDERS[view.order] : null,
    sortDirections: ["descend" as const, "ascend" as const, "descend" as const],
  });

  const columns: TableColumnsType<Row> = [
    {
      title: t("library.name"),
      ...sorted("name"),
      render: (_, row) => (
        <>
          <RecordingName
            recording={row}
            editing={renaming === row.id}
            setEditing={(on) => setRenaming(on ? row.id : null)}
          />
          {row.tags.length > 0 && (
            <ul className="tags" aria-label={t("organize.tags")}>
              {row.tags.map((tag) => (
                <li key={tag.id}>
                  <button
                    type="button"
                    className="tag"
                    title={t("organize.filterByThis")}
                    onClick={() => setView({ tag: [...new Set([...tagsOf(view), tag.id])].join(",") })}
                  >
                    {tag.name}
                  </button>
                </li>
              ))}
            </ul>
          )}
          {row.excerpt && <p className="excerpt">{row.excerpt}</p>}
          {narrow && (
            <div className="recording-facts">
              <JobState job={jobOf(row)} live={jobs.live} />
              <small>
                {formats.dateTime(row.created_at)}
                {row.duration !== null && ` · ${formatTime(row.duration)}`}
                {row.speakers?.length ? (
                  <>
                    {" "}
                    · <SpeakerNames speakers={row.speakers} />
                  </>
                ) : null}
              </small>
            </div>
          )}
        </>
      ),
    },
    {
      title: t("library.state"),
      key: "state",
      width: "24%",
      responsive: ["md"],
      render: (_, row) => <JobState job={jobOf(row)} live={jobs.live} />,
    },
    {
      title: t("library.speakers"),
      key: "speakers",
      width: 160,
      responsive: ["md"],
      render: (_, row) => <SpeakerNames speakers={row.speakers} />,
    },
    {
      title: t("library.duration"),
      ...sorted("duration"),
      width: 110,
      align: "right",
      responsive: ["md"],
      render: (_, { duration }) => (duration === null ? "–" : formatTime(duration)),
    },
    {
      title: t("library.date"),
      ...sorted("date"),
      width: 180,
      responsive: ["md"],
      render: (_, row) => formats.dateTime(row.created_at),
    },
    {
      title: <span className="visually-hidden">{t("library.actions")}</span>,
      key: "actions",
      width: 56,
      render: (_, row) => (
        <RecordingActions
          recording={row}
          job={jobOf(row)}
          on={{
            rename: () => setRenaming(row.id),
            tag: () => setTagging(row),
            move: () => setMoving(row),
            again: () => setAgain(row),
            export: () => setExporting(row),
          }}
        />
      ),
    },
  ];

  return (
    <>
      {chosen.length > 0 && (
        <BulkActions chosen={chosen.map((row) => ({ ...row, job: jobOf(row) }))} clear={() => setChosen([])} />
      )}
      {!narrow && <TableLookMenu look={look} change={setLook} />}
      <Table<Row>
        rowKey="id"
        columns={columns.filter(({ key }) => !look.hidden.some((one) => one === key))}
        size={look.density}
        dataSource={found?.items}
        loading={loading}
        showSorterTooltip={false}
        rowSelection={{
          columnWidth: 44,
          preserveSelectedRowKeys: true,
          selectedRowKeys: chosen.map((row) => row.id),
          onChange: (_, rows) => setChosen(rows),
          getCheckboxProps: (row) => ({ "aria-label": t("library.choose", { name: titleOf(row.name) }) }) as object,
          getTitleCheckboxProps: () => ({ "aria-label": t("library.chooseAll") }) as object,
        }}
        onChange={(_, __, sorter, { action }) => {
          if (action !== "sort" || Array.isArray(sorter)) return;
          const sort = SORTS.find((one) => one === sorter.columnKey) ?? "date";
          setView({ sort, order: sorter.order === "ascend" ? "asc" : "desc" });
        }}
        pagination={{
          current: view.page,
          pageSize: view.size,
          total: found?.total ?? 0,
          showSizeChanger: true,
          pageSizeOptions: SIZES,
          hideOnSinglePage: (found?.total ?? 0) <= SIZES[0]!,
          showTotal: (count) => t("library.total", { count }),
          onChange: (page, size) => setView({ page: size === view.size ? page : 1, size }),
        }}
        locale={{ emptyText: empty }}
      />
      {again && <TranscribeAgainDialog recordings={[again]} close={() => setAgain(null)} />}
      {exporting && <ExportDialog recordings={[exporting]} close={() => setExporting(null)} />}
      {tagging && <TagDialog recordings={[tagging]} done={() => setTagging(null)} close={() => setTagging(null)} />}
      {moving && (
        <MoveDialog
          recordings={[moving.id]}
          now={moving.folder_id}
          done={() => setMoving(null)}
          close={() => setMoving(null)}
        />
      )}
    </>
  );
}

const ORDERS = { asc: "ascend", desc: "descend" } as const;

/** The socket and the list may know different jobs: the newer one is shown. */
function newer(live: Job | undefined, listed: Job | undefined): Job | undefined {
  return live && (!listed || live.created_at >= listed.created_at) ? live : listed;
}
