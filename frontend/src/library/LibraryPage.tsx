// The library: the user's recordings, their progress and the actions on them.

import { AudioOutlined, DeleteOutlined, InboxOutlined, UploadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Select } from "antd";
import { Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "../api/client";
import { ErrorPage } from "../app/Feedback";
import { lazyPart } from "../app/lazyPart";
import { usePageTitle } from "../app/pageTitle";
import { takeShared } from "../pwa/sharedFiles";
import { type DroppedFiles, filesOf, NOTHING_DROPPED } from "../upload/droppedFiles";
import { UploadList } from "../upload/UploadList";
import { FolderTree } from "./FolderTree";
import { listed } from "./folderTree";
import { useJobs } from "./liveJobs";
import { useFolders, useTags } from "./organize";
import { RecordingTable } from "./RecordingTable";
import { isFiltered, SORTS, STATES, tagsOf, UNFILED, useLibraryView, type View } from "./view";
import "./library.css";

const UploadDialog = lazyPart(async () => ({ default: (await import("../upload/UploadDialog")).UploadDialog }));

export function LibraryPage() {
  const { t } = useTranslation();
  usePageTitle(t("app.library"));
  const [view, setView] = useLibraryView();
  const [dropped, setDropped] = useState<DroppedFiles | null>(null);
  const navigate = useNavigate();
  const jobs = useJobs();
  const { q, state, folder, sort, order, page, size } = view;
  const folders = useFolders();
  const tags = tagsOf(view);
  const query = {
    q,
    sort,
    order,
    offset: (page - 1) * size,
    limit: size,
    ...(state && { status: [...STATES[state]] }),
    ...(tags.length > 0 && { tag: tags }),
    ...(folder && { folder: folder === UNFILED ? "" : folder }),
  };
  const found = useQuery({
    queryKey: ["recordings", query],
    queryFn: () => unwrap(api.GET("/api/recordings", { params: { query } })),
    placeholderData: keepPreviousData,
  });
  const open = () => setDropped(NOTHING_DROPPED);
  const [search, setSearch] = useSearchParams();
  const shared = search.has("shared");
  useEffect(() => {
    if (!shared) return;
    setSearch({}, { replace: true });
    void takeShared().then((files) => files.length > 0 && setDropped({ files, folder: null }));
  }, [shared, setSearch]);

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
        <Button icon={<AudioOutlined aria-hidden />} onClick={() => void navigate("/record")}>
          {t("record.open")}
        </Button>
        <Button type="primary" icon={<UploadOutlined aria-hidden />} onClick={open}>
          {t("upload.open")}
        </Button>
      </header>
      <Filters view={view} setView={setView} />
      {jobs.known && !jobs.live && <Alert className="spaced" type="warning" showIcon title={t("library.notLive")} />}
      <UploadList />
      <div className="library-body">
        <FolderTree folders={folders} chosen={folder} choose={(chosen) => setView({ folder: chosen })} />
        <div className="library-list">
          {found.isError ? (
            <ErrorPage error={found.error} retry={() => void found.refetch()} />
          ) : (
            <RecordingTable
              view={view}
              setView={setView}
              found={found.data}
              loading={found.isPending}
              jobs={jobs}
              empty={<EmptyLibrary view={view} setView={setView} upload={open} />}
            />
          )}
        </div>
      </div>
      <Suspense>{dropped && <UploadDialog dropped={dropped} close={() => setDropped(null)} />}</Suspense>
    </section>
  );
}

function Filters({ view, setView }: { view: View; setView: (changes: Partial<View>) => void }) {
  const { t } = useTranslation();
  const tags = useTags();
  const folders = useFolders();
  const states = ["", ...Object.keys(STATES)] as View["state"][];
  const sorts = SORTS.flatMap((sort) => [
    { sort, order: "desc" as const },
    { sort, order: "asc" as const },
  ]);
  return (
    <div className="filters" role="search">
      <Input.Search
        className="search"
        allowClear
        defaultValue={view.q}
        key={view.q}
        placeholder={t("library.search")}
        aria-label={t("library.search")}
        onSearch={(text) => setView({ q: text.trim() })}
      />
      <Select
        className="state-filter"
        value={view.state}
        aria-label={t("library.filter")}
        onChange={(state) => setView({ state })}
        options={states.map((state) => ({ value: state, label: t(`library.states.${state || "all"}`) }))}
      />
      {tags.length > 0 && (
        <Select
          className="tag-filter"
          mode="multiple"
          maxTagCount="responsive"
          value={tagsOf(view)}
          aria-label={t("organize.filterByTag")}
          placeholder={t("organize.tags")}
          optionFilterProp="label"
          onChange={(chosen) => setView({ tag: chosen.join(",") })}
          options={tags.map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
      {folders.length > 0 && (
        <Select
          className="narrow-only"
          value={view.folder}
          aria-label={t("organize.folders")}
          onChange={(folder) => setView({ folder })}
          options={[
            { value: "", label: t("organize.all") },
            { value: UNFILED, label: t("organize.unfiled") },
            ...listed(folders).map(({ id, label }) => ({ value: id, label })),
          ]}
        />
      )}
      <Select
        className="narrow-only"
        value={`${view.sort} ${view.order}`}
        aria-label={t("library.sort")}
        onChange={(_, chosen) => !Array.isArray(chosen) && chosen && setView(chosen.by)}
        options={sorts.map((by) => ({
          value: `${by.sort} ${by.order}`,
          label: t(`library.sorts.${by.sort}.${by.order}`),
          by,
        }))}
      />
      <Link className="trash-link" to="/trash">
        <DeleteOutlined aria-hidden /> {t("trash.name")}
      </Link>
    </div>
  );
}

/** The empty state: nothing matches the filter, or there are no recordings yet. */
function EmptyLibrary({
  view,
  setView,
  upload,
}: {
  view: View;
  setView: (changes: Partial<View>) => void;
  upload: () => void;
}) {
  const { t } = useTranslation();
  if (isFiltered(view)) {
    const onlyState = view.state && !view.tag && !view.folder;
    const others = onlyState ? t("library.noneInState") : t("organize.noneHere");
    return (
      <Empty description={view.q ? t("library.noneFound", { q: view.q }) : others}>
        <Button onClick={() => setView({ q: "", state: "", tag: "", folder: "" })}>{t("library.showAll")}</Button>
      </Empty>
    );
  }
  return (
    <Empty image={<InboxOutlined className="empty-image" />} description={t("library.empty")}>
      <Button type="primary" onClick={upload}>
        {t("upload.open")}
      </Button>
    </Empty>
  );
}
