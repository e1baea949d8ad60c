// The trash: deleted recordings that can still be restored.

import { DeleteOutlined, RollbackOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Empty, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { usePageTitle } from "../app/pageTitle";
import { titleOf } from "../app/recordingTitle";
import { formatTime } from "../document/time";
import { restoreRecording, useForEach } from "./trash";
import "./library.css";

type Trashed = Schemas["TrashedRecording"];
const SIZE = 50;

export function TrashPage() {
  const { t } = useTranslation();
  usePageTitle(t("trash.name"));
  const { modal, message } = App.useApp();
  const formats = useFormats();
  const each = useForEach();
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<string[]>([]);
  const query = { offset: (page - 1) * SIZE, limit: SIZE };
  const found = useQuery({
    queryKey: ["trash", query],
    queryFn: () => unwrap(api.GET("/api/trash", { params: { query } })),
  });
  const empty = useAction(() => unwrap(api.DELETE("/api/trash")), {
    successMessage: t("trash.emptied"),
    invalidates: ["trash", "quota"],
    onDone: () => setChosen([]),
  });
  const trash = found.data;

  async function restore(ids: string[]) {
    const back = await each(ids, restoreRecording);
    setChosen([]);
    if (back.length > 0) void message.success(t("trash.restored", { count: back.length }));
  }

  function remove(ids: string[]) {
    modal.confirm({
      title: t("trash.removeSure", { count: ids.length }),
      content: t("trash.forGood"),
      okText: t("trash.remove"),
      okButtonProps: { danger: true },
      onOk: async () => {
        await each(ids, (id) =>
          unwrap(api.DELETE("/api/trash/{recording_id}", { params: { path: { recording_id: id } } })),
        );
        setChosen([]);
      },
    });
  }

  function removeAll() {
    modal.confirm({
      title: t("trash.emptySure", { count: trash?.total ?? 0 }),
      content: t("trash.forGood"),
      okText: t("trash.empty"),
      okButtonProps: { danger: true },
      onOk: () => empty.mutateAsync(undefined).catch(() => {}),
    });
  }

  const columns: TableColumnsType<Trashed> = [
    {
      title: t("library.name"),
      key: "name",
      render: (_, row) => (
        <>
          <span className="recording-name two-lines" title={row.name}>
            {titleOf(row.name)}
          </span>
          <small className="narrow-only">{t("trash.deletedOn", { date: formats.date(row.goes_at) })}</small>
        </>
      ),
    },
    {
      title: t("library.duration"),
      key: "duration",
      width: 110,
      align: "right",
      responsive: ["md"],
      render: (_, { duration }) => (duration === null ? "–" : formatTime(duration)),
    },
    {
      title: t("trash.size"),
      key: "size",
      width: 110,
      align: "right",
      responsive: ["md"],
      render: (_, row) => formats.bytes(row.size),
    },
    {
      title: t("trash.since"),
      key: "since",
      width: 180,
      responsive: ["md"],
      render: (_, row) => formats.dateTime(row.trashed_at),
    },
    {
      title: t("trash.until"),
      key: "until",
      width: 150,
      responsive: ["md"],
      render: (_, row) => formats.date(row.goes_at),
    },
    {
      title: <span className="visually-hidden">{t("library.actions")}</span>,
      key: "actions",
      width: 104,
      align: "right",
      render: (_, row) => (
        <>
          <Button
            type="text"
            icon={<RollbackOutlined />}
            aria-label={t("trash.restoreOf", { name: titleOf(row.name) })}
            title={t("trash.restore")}
            onClick={() => void restore([row.id])}
          />
          <Button
            type="text"
            danger
            icon={<DeleteOutlined />}
            aria-label={t("trash.removeOf", { name: titleOf(row.name) })}
            title={t("trash.remove")}
            onClick={() => remove([row.id])}
          />
        </>
      ),
    },
  ];

  return (
    <section className="page">
      <header className="page-head">
        <h1>{t("trash.name")}</h1>
        <Link to="/">{t("app.toLibrary")}</Link>
        <Button danger disabled={!trash?.total} onClick={removeAll}>
          {t("trash.empty")}
        </Button>
      </header>
      {trash && (
        <p className="secondary">{t("trash.about", { count: trash.days, size: formats.bytes(trash.bytes) })}</p>
      )}
      {chosen.length > 0 && (
        <div className="bulk-bar" role="toolbar" aria-label={t("library.bulk")}>
          <strong role="status">{t("library.chosen", { count: chosen.length })}</strong>
          <Button icon={<RollbackOutlined />} onClick={() => void restore(chosen)}>
            {t("trash.restore")}
          </Button>
          <Button danger icon={<DeleteOutlined />} onClick={() => remove(chosen)}>
            {t("trash.remove")}
          </Button>
        </div>
      )}
      {found.isError ? (
        <ErrorPage error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Table<Trashed>
          rowKey="id"
          columns={columns}
          dataSource={trash?.items}
          loading={found.isPending}
          rowSelection={{
            columnWidth: 44,
            selectedRowKeys: chosen,
            onChange: (keys) => setChosen(keys.map(String)),
            getCheckboxProps: (row) => ({ "aria-label": t("library.choose", { name: titleOf(row.name) }) }) as object,
            getTitleCheckboxProps: () => ({ "aria-label": t("library.chooseAll") }) as object,
          }}
          pagination={{
            current: page,
            pageSize: SIZE,
            total: trash?.total ?? 0,
            hideOnSinglePage: true,
            onChange: setPage,
          }}
          locale={{ emptyText: <Empty description={t("trash.nothing")} /> }}
        />
      )}
    </section>
  );
}
