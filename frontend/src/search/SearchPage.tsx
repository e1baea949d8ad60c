// Finds what was said in every recording: grouped by recording, played from the hit, filtered by speaker and day.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Pagination, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type Schemas, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { Loading } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { usePageTitle } from "../app/pageTitle";
import { titleOf } from "../app/recordingTitle";
import { type FoundText, FoundTexts } from "./FoundTexts";
import { type Place, Places } from "./Places";
import { Sounds } from "./Sounds";
import { usePlaces } from "./usePlaces";
import { PAGE_SIZE, requestOf, SORTS, useSearchView } from "./view";
import "./search.css";

export function SearchPage() {
  const { t } = useTranslation();
  const [view, setView] = useSearchView();
  const { textOf } = useErrorMessages();
  usePageTitle(view.q ? t("search.title", { q: view.q }) : t("search.name"));
  const query = requestOf(view);
  const found = useQuery({
    queryKey: ["search", query],
    queryFn: () => unwrap(api.GET("/api/search", { params: { query } })),
    enabled: view.q !== "",
    placeholderData: view.q === "" ? undefined : keepPreviousData,
  });
  return (
    <section className="page">
      <header className="page-head">
        <h1>{t("search.name")}</h1>
      </header>
      <div className="filters" role="search">
        <Input.Search
          className="search-field"
          allowClear
          autoFocus
          size="large"
          key={view.q}
          defaultValue={view.q}
          placeholder={t("search.placeholder")}
          aria-label={t("search.placeholder")}
          onSearch={(typed) => setView({ q: typed.trim(), speaker: "" })}
        />
        {found.data && <Filters view={view} setView={setView} found={found.data} />}
      </div>
      {view.q === "" ? (
        <p className="search-help">{t("search.help")}</p>
      ) : found.isError ? (
        <Alert
          type="warning"
          showIcon
          title={textOf(found.error)}
          action={<Button onClick={() => void found.refetch()}>{t("app.again")}</Button>}
        />
      ) : found.data ? (
        <Results view={view} setView={setView} found={found.data} />
      ) : (
        <Loading />
      )}
    </section>
  );
}

type Props = {
  view: ReturnType<typeof useSearchView>[0];
  setView: ReturnType<typeof useSearchView>[1];
  found: Omit<Schemas["SearchResult"], "groups" | "texts"> & {
    readonly groups: readonly GroupProps["group"][];
    readonly texts: readonly FoundText[];
  };
};

function Filters({ view, setView, found }: Props) {
  const { t } = useTranslation();
  const speakers = found.speakers.map(({ name, places }) => ({ value: name, label: `${name} (${places})` }));
  return (
    <>
      <Select
        className="search-speaker"
        value={view.speaker}
        aria-label={t("search.speaker")}
        onChange={(speaker) => setView({ speaker })}
        options={[{ value: "", label: t("search.everybody") }, ...speakers]}
      />
      <label>
        {t("search.from")}{" "}
        <input
          type="date"
          value={view.from}
          max={view.to || undefined}
          onChange={(event) => setView({ from: event.target.value })}
        />
      </label>
      <label>
        {t("search.to")}{" "}
        <input
          type="date"
          value={view.to}
          min={view.from || undefined}
          onChange={(event) => setView({ to: event.target.value })}
        />
      </label>
      <Select
        value={view.sort}
        aria-label={t("search.sort")}
        onChange={(sort) => setView({ sort })}
        options={SORTS.map((value) => ({ value, label: t(`search.sorts.${value}`) }))}
      />
    </>
  );
}

function Results({ view, setView, found }: Props) {
  const { t } = useTranslation();
  const { textOf } = useErrorMessages();
  const { playing, problem, play, pause } = usePlaces();
  return (
    <>
      <p role="status">
        {t("search.count", {
          count: found.places,
          recordings: t("search.inRecordings", { count: found.recordings }),
        })}
      </p>
      {found.not_indexed > 0 && (
        <Alert type="info" showIcon title={t("search.notIndexed", { count: found.not_indexed })} />
      )}
      {!found.complete && <Alert type="info" showIcon title={t("search.incomplete", { count: found.places })} />}
      {problem !== null && <Alert type="warning" showIcon title={textOf(problem)} />}
      <FoundTexts found={found} />
      {found.groups.length === 0 && found.texts.length === 0 && (
        <Empty description={t("search.nothing", { q: view.q })} />
      )}
      {found.groups.map((group) => (
        <Group
          key={group.recording.id}
          group={group}
          view={view}
          playing={playing?.recordingId === group.recording.id ? playing.segmentId : null}
          play={play}
          pause={pause}
        />
      ))}
      <Pagination
        hideOnSinglePage
        current={view.page}
        pageSize={PAGE_SIZE}
        total={found.recordings}
        showSizeChanger={false}
        onChange={(page) => {
          setView({ page });
          scrollTo(0, 0);
        }}
      />
      {view.page === 1 && <Sounds view={view} play={play} pause={pause} playing={playing} />}
    </>
  );
}

interface GroupProps {
  group: Omit<Schemas["FoundGroup"], "places"> & { readonly places: readonly Place[] };
  view: Props["view"];
  playing: string | null;
  play: (recordingId: string, place: Place) => void;
  pause: () => void;
}

function Group({ group: { recording, places, total }, view, playing, play, pause }: GroupProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [all, setAll] = useState(false);
  const { q, speaker } = view;
  const query = { q, ...(speaker && { speaker: [speaker] }) };
  const more = useQuery({
    queryKey: ["search", recording.id, query],
    queryFn: () =>
      unwrap(
        api.GET("/api/search/recordings/{recording_id}", { params: { path: { recording_id: recording.id }, query } }),
      ),
    enabled: all,
  });
  const shown = (all && more.data?.places) || places;
  return (
    <article className="search-group" aria-labelledby={`found-${recording.id}`}>
      <h2 id={`found-${recording.id}`}>
        <Link className="two-lines" title={recording.name} to={`/recordings/${recording.id}`}>
          {titleOf(recording.name)}
        </Link>
        <small>{formats.date(recording.created_at)}</small>
      </h2>
      <Places
        recordingId={recording.id}
        places={shown}
        playing={playing}
        play={(place) => play(recording.id, place)}
        pause={pause}
      />
      {shown.length < total && (
        <Button type="link" loading={more.isFetching} onClick={() => setAll(true)}>
          {t("search.all", { count: total })}
        </Button>
      )}
    </article>
  );
}
