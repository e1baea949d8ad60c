// The recordings of one person: what there is, how far each is, and what can be done with them.
import { AudioOutlined, DeleteOutlined, InboxOutlined, UploadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Select } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { answer, api } from "../api/client";
import { Failed } from "../app/Notice";
import { filesOf, NOTHING_DROPPED, type Dropped } from "../upload/dropped";
import { UploadLine } from "../upload/UploadLine";
import { useJobs } from "./live";
import { RecordingTable } from "./RecordingTable";
import { SORTS, STATES, useView, type View } from "./view";
import "./library.css";

const UploadDialog = lazy(async () => ({ default: (await import("../upload/UploadDialog")).UploadDialog }));
const RecordDialog = lazy(async () => ({ default: (await import("../upload/RecordDialog")).RecordDialog }));

export function LibraryPage() {
  const { t } = useTranslation();
  const [view, look] = useView();
  const [dropped, setDropped] = useState<Dropped | null>(null);
  const [speaking, setSpeaking] = useState(false);
  const jobs = useJobs();
  const { q, state, sort, order, page, size } = view;
  const query = { q, sort, order, offset: (page - 1) * size, limit: size, ...(state && { status: [...STATES[state]] }) };
  const found = useQuery({
    queryKey: ["recordings", query],
    queryFn: () => answer(api.GET("/api/recordings", { params: { query } })),
    placeholderData: keepPreviousData,
  });
  const open = () => setDropped(NOTHING_DROPPED);

  return (
    <section
      className="page"
      onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        void filesOf(event.dataTransfer).then(setDropped);
      }}
    >
      <header className="page-head">
        <h1>{t("app.library")}</h1>
        <Button icon={<AudioOutlined aria-hidden />} onClick={() => setSpeaking(true)}>{t("record.open")}</Button>
        <Button type="primary" icon={<UploadOutlined aria-hidden />} onClick={open}>{t("upload.open")}</Button>
      </header>
      <Filters view={view} look={look} />
      {jobs.known && !jobs.live && <Alert className="spaced" type="warning" showIcon title={t("library.notLive")} />}
      <UploadLine />
      {found.isError ? (
        <Failed error={found.error} again={() => void found.refetch()} />
      ) : (
        <RecordingTable view={view} look={look} found={found.data} loading={found.isPending} jobs={jobs} empty={<Nothing view={view} look={look} upload={open} />} />
      )}
      <Suspense>
        {dropped && <UploadDialog dropped={dropped} close={() => setDropped(null)} />}
        {speaking && <RecordDialog close={() => setSpeaking(false)} />}
      </Suspense>
    </section>
  );
}

function Filters({ view, look }: { view: View; look: (changes: Partial<View>) => void }) {
  const { t } = useTranslation();
  const states = ["", ...Object.keys(STATES)] as View["state"][];
  const sorts = SORTS.flatMap((sort) => [{ sort, order: "desc" as const }, { sort, order: "asc" as const }]);
  return (
    <div className="filters" role="search">
      <Input.Search className="search" allowClear defaultValue={view.q} key={view.q} placeholder={t("library.search")} aria-label={t("library.search")} onSearch={(text) => look({ q: text.trim() })} />
      <Select className="state-filter" value={view.state} aria-label={t("library.filter")} onChange={(state) => look({ state })} options={states.map((state) => ({ value: state, label: t(`library.states.${state || "all"}`) }))} />
      <Select
        className="narrow-only"
        value={`${view.sort} ${view.order}`}
        aria-label={t("library.sort")}
        onChange={(_, chosen) => !Array.isArray(chosen) && chosen && look(chosen.by)}
        options={sorts.map((by) => ({ value: `${by.sort} ${by.order}`, label: t(`library.sorts.${by.sort}.${by.order}`), by }))}
      />
      <Link className="to-trash" to="/trash"><DeleteOutlined aria-hidden /> {t("trash.name")}</Link>
    </div>
  );
}

/** Why there is nothing, and what can be done about that. */
function Nothing({ view, look, upload }: { view: View; look: (changes: Partial<View>) => void; upload: () => void }) {
  const { t } = useTranslation();
  if (view.q || view.state) {
    return (
      <Empty description={view.q ? t("library.noneFound", { q: view.q }) : t("library.noneInState")}>
        <Button onClick={() => look({ q: "", state: "" })}>{t("library.showAll")}</Button>
      </Empty>
    );
  }
  return (
    <Empty image={<InboxOutlined className="empty-image" />} description={t("library.empty")}>
      <Button type="primary" onClick={upload}>{t("upload.open")}</Button>
    </Empty>
  );
}
