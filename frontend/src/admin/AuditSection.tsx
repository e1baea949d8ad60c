// Who did what to what, when and from where: to search, to page through, to take away.
import { DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, DatePicker, Empty, Select, Table, type TableColumnsType } from "antd";
import "dayjs/locale/zh-cn";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, download, type Schemas } from "../api/client";
import { useDoing } from "../api/doing";
import type { paths } from "../api/schema";
import { keepAsFile } from "../app/files";
import { useFormats } from "../app/formats";
import { Failed } from "../app/Notice";
import { factsOf, type Words } from "./facts";
import { UserSelect } from "./UserSelect";

type Entry = Schemas["Entry"];
type Action = NonNullable<NonNullable<paths["/api/admin/audit"]["get"]["parameters"]["query"]>["action"]>;

interface Asked {
  action?: Action;
  actor_id?: string;
  since?: string;
  until?: string;
}

/** The same in every language and every browser, and in the order of the calendar. */
const DAY = "YYYY-MM-DD";

export function AuditSection() {
  const { t, i18n } = useTranslation();
  const { moment } = useFormats();
  const words = useWords();
  const [asked, setAsked] = useState<Asked>({});
  const look = (changes: Partial<Asked>) => setAsked((before) => ({ ...before, ...changes }));
  const found = useInfiniteQuery({
    queryKey: ["audit", asked],
    queryFn: ({ pageParam }) => answer(api.GET("/api/admin/audit", { params: { query: { ...wanted(asked), before: pageParam } } })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before ?? undefined,
  });
  const take = useDoing(async () => {
    const query = new URLSearchParams(Object.entries(wanted(asked)).filter((pair): pair is [string, string] => Boolean(pair[1])));
    keepAsFile("audit.csv", await download(`/api/admin/audit/export?${query}`, new AbortController().signal));
  }, { said: t("export.done") });
  const named = (action: string) => (i18n.exists(`actions.${action}`) ? t(`actions.${action}` as "actions.signed_in") : action);
  const columns: TableColumnsType<Entry> = [
    {
      title: t("audit.what"),
      render: (_, entry) => (
        <>
          {named(entry.action)}
          <small className="facts">{factsOf(entry.facts, words)}</small>
          <small className="narrow-only">{moment(entry.at)}</small>
        </>
      ),
    },
    { title: t("audit.who"), render: (_, entry) => entry.actor_name ?? t("audit.nobody") },
    { title: t("audit.when"), responsive: ["md"], width: 190, render: (_, entry) => moment(entry.at) },
    { title: t("audit.from"), responsive: ["lg"], render: (_, entry) => entry.address ?? "–" },
  ];
  return (
    <>
      <div className="section-head">
        <h2>{t("console.audit")}</h2>
        <Button icon={<DownloadOutlined />} loading={take.isPending} onClick={() => take.mutate(undefined)}>{t("audit.export")}</Button>
      </div>
      <div className="filters">
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t("audit.anyAction")}
          aria-label={t("audit.what")}
          value={asked.action}
          onChange={(action?: Action) => look({ action })}
          options={(Object.keys(t("actions", { returnObjects: true })) as Action[]).map((value) => ({ value, label: named(value) }))}
        />
        <UserSelect label={t("audit.who")} value={asked.actor_id} onChange={(actor_id) => look({ actor_id })} />
        <Day label={t("audit.since")} change={(since) => look({ since })} not={(day) => asked.until !== undefined && day > asked.until} />
        <Day label={t("audit.until")} change={(until) => look({ until })} not={(day) => asked.since !== undefined && day < asked.since} />
      </div>
      {found.isError ? (
        <Failed error={found.error} again={() => void found.refetch()} />
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
      {found.hasNextPage && <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("audit.more")}</Button>}
    </>
  );
}

function Day({ label, change, not }: { label: string; change: (day?: string) => void; not: (day: string) => boolean }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <DatePicker id={id} format={DAY} placeholder={DAY} disabledDate={(day) => not(day.format(DAY))} onChange={(_, day) => change(day || undefined)} />
    </div>
  );
}

/** From days, as the browser's clock has them, to moments. The last day is part of what is wanted. */
function wanted({ since, until, ...rest }: Asked) {
  const beginning = (day: string, later = 0) => {
    const [year, month, date] = day.split("-").map(Number) as [number, number, number];
    return new Date(year, month - 1, date + later).toISOString();
  };
  return { ...rest, since: since ? beginning(since) : undefined, until: until ? beginning(until, 1) : undefined };
}

/** The reader's words for the facts of an entry. */
function useWords(): Words {
  const { t, i18n } = useTranslation();
  const { bytes } = useFormats();
  const known = (key: string, otherwise: string) => (i18n.exists(key) ? t(key as "facts.pair") : otherwise);
  return {
    name: (fact) => known(`facts.names.${fact}`, fact),
    value: (fact, value) => known(`facts.values.${fact}.${value}`, value),
    pair: (name, value) => t("facts.pair", { name, value }),
    became: (before, after) => t("facts.became", { before, after }),
    bytes,
    comma: t("app.comma"),
  };
}
