// What was deleted and can still be had back.
import { DeleteOutlined, RollbackOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Empty, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { answer, api, type Schemas } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Failed } from "../app/Notice";
import { clock } from "../document/time";
import { restored, useEach } from "./trash";
import "./library.css";

type Trashed = Schemas["TrashedOut"];
const SIZE = 50;

export function TrashPage() {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const formats = useFormats();
  const each = useEach();
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<string[]>([]);
  const query = { offset: (page - 1) * SIZE, limit: SIZE };
  const found = useQuery({ queryKey: ["trash", query], queryFn: () => answer(api.GET("/api/trash", { params: { query } })) });
  const empty = useDoing(() => answer(api.DELETE("/api/trash")), { said: t("trash.emptied"), changes: ["trash", "quota"], then: () => setChosen([]) });
  const trash = found.data;

  async function restore(ids: string[]) {
    const back = await each(ids, restored);
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
        await each(ids, (id) => answer(api.DELETE("/api/trash/{recording_id}", { params: { path: { recording_id: id } } })));
        setChosen([]);
      },
    });
  }

  function removeAll() {
    modal.confirm({ title: t("trash.emptySure", { count: trash?.total ?? 0 }), content: t("trash.forGood"), okText: t("trash.empty"), okButtonProps: { danger: true }, onOk: () => empty.mutateAsync(undefined).catch(() => {}) });
  }

  const columns: TableColumnsType<Trashed> = [
    {
      title: t("library.name"),
      key: "name",
      render: (_, row) => (
        <>
          <span className="recording-name">{row.name}</span>
          <small className="narrow-only">{t("trash.goes", { date: formats.day(row.goes_at) })}</small>
        </>
      ),
    },
    { title: t("library.duration"), key: "duration", width: 110, align: "right", responsive: ["md"], render: (_, { duration }) => (duration === null ? "–" : clock(duration)) },
    { title: t("trash.size"), key: "size", width: 110, align: "right", responsive: ["md"], render: (_, row) => formats.bytes(row.size) },
    { title: t("trash.since"), key: "since", width: 180, responsive: ["md"], render: (_, row) => formats.moment(row.trashed_at) },
    { title: t("trash.until"), key: "until", width: 150, responsive: ["md"], render: (_, row) => formats.day(row.goes_at) },
    {
      title: <span className="unseen">{t("library.actions")}</span>,
      key: "actions",
      width: 104,
      align: "right",
      render: (_, row) => (
        <>
          <Button type="text" icon={<RollbackOutlined />} aria-label={t("trash.restoreOf", { name: row.name })} title={t("trash.restore")} onClick={() => void restore([row.id])} />
          <Button type="text" danger icon={<DeleteOutlined />} aria-label={t("trash.removeOf", { name: row.name })} title={t("trash.remove")} onClick={() => remove([row.id])} />
        </>
      ),
    },
  ];

  return (
    <section className="page">
      <header className="page-head">
        <h1>{t("trash.name")}</h1>
        <Link to="/">{t("app.toLibrary")}</Link>
        <Button danger disabled={!trash?.total} onClick={removeAll}>{t("trash.empty")}</Button>
      </header>
      {trash && <p className="quiet">{t("trash.about", { days: trash.days, size: formats.bytes(trash.bytes) })}</p>}
      {chosen.length > 0 && (
        <div className="bulk" role="toolbar" aria-label={t("library.bulk")}>
          <strong role="status">{t("library.chosen", { count: chosen.length })}</strong>
          <Button icon={<RollbackOutlined />} onClick={() => void restore(chosen)}>{t("trash.restore")}</Button>
          <Button danger icon={<DeleteOutlined />} onClick={() => remove(chosen)}>{t("trash.remove")}</Button>
        </div>
      )}
      {found.isError ? (
        <Failed error={found.error} again={() => void found.refetch()} />
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
            getCheckboxProps: (row) => ({ "aria-label": t("library.choose", { name: row.name }) }) as object,
            getTitleCheckboxProps: () => ({ "aria-label": t("library.chooseAll") }) as object,
          }}
          pagination={{ current: page, pageSize: SIZE, total: trash?.total ?? 0, hideOnSinglePage: true, onChange: setPage }}
          locale={{ emptyText: <Empty description={t("trash.nothing")} /> }}
        />
      )}
    </section>
  );
}
