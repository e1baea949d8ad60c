// The audit log: filters, paging and CSV export.
import { DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, DatePicker, Empty, Select, Table, type TableColumnsType } from "antd";
import "dayjs/locale/zh-cn";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, download, type Schemas, unwrap } from "../api/client";
import type { paths } from "../api/schema";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { saveFile } from "../app/saveFile";
import { type FactTexts, formatFacts } from "./auditFacts";
import { UserSelect } from "./UserSelect";

type Entry = Schemas["Entry"];
type Action = NonNullable<NonNullable<paths["/api/admin/audit"]["get"]["parameters"]["query"]>["action"]>;

interface Filters {
  action?: Action;
  actor_id?: string;
  since?: string;
  until?: string;
}

/** ISO dates: the same in every language and browser. */
const DAY = "YYYY-MM-DD";

export function AuditSection() {
  const { t, i18n } = useTranslation();
  const { dateTime } = useFormats();
  const texts = useFactTexts();
  const [filters, setFilters] = useState<Filters>({});
  const update = (changes: Partial<Filters>) => setFilters((before) => ({ ...before, ...changes }));
  const found = useInfiniteQuery({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/admin/audit", { params: { query: { ...toQuery(filters), before: pageParam } } })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before ?? undefined,
  });
  const exportCsv = useAction(
    async () => {
      const query = new URLSearchParams(
        Object.entries(toQuery(filters)).filter((pair): pair is [string, string] => Boolean(pair[1])),
      );
      saveFile("audit.csv", await download(`/api/admin/audit/export?${query}`, new AbortController().signal));
    },
    { successMessage: t("export.done") },
  );
  const actionName = (action: string) =>
    i18n.exists(`actions.${action}`) ? t(`actions.${action}` as "actions.signed_in") : action;
  const columns: TableColumnsType<Entry> = [
    {
      title: t("audit.what"),
      render: (_, entry) => (
        <>
          {actionName(entry.action)}
          <small className="facts">{formatFacts(entry.facts, texts)}</small>
          <small className="narrow-only">{dateTime(entry.at)}</small>
        </>
      ),
    },
    { title: t("audit.who"), render: (_, entry) => entry.actor_name ?? t("audit.nobody") },
    { title: t("audit.when"), responsive: ["md"], width: 190, render: (_, entry) => dateTime(entry.at) },
    { title: t("audit.from"), responsive: ["lg"], render: (_, entry) => entry.address ?? "–" },
  ];
  return (
    <>
      <div className="section-head">
        <h2>{t("console.audit")}</h2>
        <Button icon={<DownloadOutlined />} loading={exportCsv.isPending} onClick={() => exportCsv.mutate(undefined)}>
          {t("audit.export")}
        </Button>
      </div>
      <div className="filters">
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t("audit.anyAction")}
          aria-label={t("audit.what")}
          value={filters.action}
          onChange={(action?: Action) => update({ action })}
          options={(Object.keys(t("actions", { returnObjects: true })) as Action[]).map((value) => ({
            value,
            label: actionName(value),
          }))}
        />
        <UserSelect label={t("audit.who")} value={filters.actor_id} onChange={(actor_id) => update({ actor_id })} />
        <Day
          label={t("audit.since")}
          onChange={(since) => update({ since })}
          isDisabled={(day) => filters.until !== undefined && day > filters.until}
        />
        <Day
          label={t("audit.until")}
          onChange={(until) => update({ until })}
          isDisabled={(day) => filters.since !== undefined && day < filters.since}
        />
      </div>
      {found.isError ? (
        <ErrorPage error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Table<Entry>
          rowKey="number"
          size="middle"
          columns={columns}
          dataSource={found.data?.pages.flatMap(({ entries }) => entries)}
          loading={found.isPending}
          pagination={false}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("audit.none")} /> }}
        />
      )}
      {found.hasNextPage && (
        <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("audit.more")}
        </Button>
      )}
    </>
  );
}

function Day({
  label,
  onChange,
  isDisabled,
}: {
  label: string;
  onChange: (day?: string) => void;
  isDisabled: (day: string) => boolean;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <DatePicker
        id={id}
        format={DAY}
        placeholder={DAY}
        disabledDate={(day) => isDisabled(day.format(DAY))}
        onChange={(_, day) => onChange(day || undefined)}
      />
    </div>
  );
}

/** Local days as UTC instants. The last day is included. */
function toQuery({ since, until, ...rest }: Filters) {
  const startOfDay = (day: string, later = 0) => {
    const [year, month, date] = day.split("-").map(Number) as [number, number, number];
    return new Date(year, month - 1, date + later).toISOString();
  };
  return { ...rest, since: since ? startOfDay(since) : undefined, until: until ? startOfDay(until, 1) : undefined };
}

/** Localized names and values for the facts of an entry. */
function useFactTexts(): FactTexts {
  const { t, i18n } = useTranslation();
  const { bytes } = useFormats();
  const known = (key: string, fallback: string) => (i18n.exists(key) ? t(key as "facts.pair") : fallback);
  return {
    name: (fact) => known(`facts.names.${fact}`, fact),
    value: (fact, value) => known(`facts.values.${fact}.${value}`, value),
    pair: (name, value) => t("facts.pair", { name, value }),
    changed: (before, after) => t("facts.became", { before, after }),
    bytes,
    comma: t("app.comma"),
  };
}
