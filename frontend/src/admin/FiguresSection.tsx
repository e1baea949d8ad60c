// Queue wait, failure rate and transcribed minutes by day, as charts and as a table.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Segmented, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { Chart } from "./Chart";
import type { Figures } from "./types";

const SPANS = [7, 30, 90];

export function FiguresSection() {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const [days, setDays] = useState(30);
  const found = useQuery({
    queryKey: ["figures", days],
    queryFn: () =>
      unwrap(
        api.GET("/api/admin/figures", { params: { query: { days, offset_minutes: -new Date().getTimezoneOffset() } } }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  if (found.isError) return <ErrorPage error={found.error} retry={() => void found.refetch()} />;
  const all = found.data?.overall;
  const shown: readonly Figures[] = found.data?.days ?? [];
  const wait = (seconds: number | null | undefined) =>
    seconds === null || seconds === undefined ? "–" : t("figures.seconds", { count: Number(seconds.toFixed(1)) });
  return (
    <>
      <div className="section-head">
        <h2>{t("console.figures")}</h2>
        <Segmented
          aria-label={t("figures.span")}
          value={days}
          options={SPANS.map((value) => ({ value, label: t("figures.days", { count: value }) }))}
          onChange={setDays}
        />
      </div>
      <div className="figures" role="status" aria-label={t("figures.overall")}>
        <Figure name={t("figures.audio")} value={all ? number(all.audio_minutes) : "–"} />
        <Figure name={t("figures.done")} value={all ? number(all.done) : "–"} />
        <Figure name={t("figures.rate")} value={all && all.failure_rate !== null ? percent(all.failure_rate) : "–"} />
        <Figure name={t("figures.p50")} value={wait(all?.wait_p50_seconds)} />
        <Figure name={t("figures.p95")} value={wait(all?.wait_p95_seconds)} />
      </div>
      <Chart
        title={t("figures.wait")}
        days={shown}
        series={[
          { name: t("figures.p50"), kind: "line", value: (day) => day.wait_p50_seconds },
          { name: t("figures.p95"), kind: "line", value: (day) => day.wait_p95_seconds },
        ]}
        format={(value) => t("figures.seconds", { count: Number(value.toFixed(1)) })}
      />
      <Chart
        title={t("figures.rate")}
        days={shown}
        series={[{ name: t("figures.rate"), kind: "bar", value: (day) => day.failure_rate }]}
        format={percent}
        max={1}
        minInterval={0.2}
      />
      <Chart
        title={t("figures.audio")}
        days={shown}
        series={[{ name: t("figures.audio"), kind: "bar", value: (day) => day.audio_minutes }]}
        format={number}
      />
      <Card title={<h2>{t("figures.table")}</h2>}>
        <Table<Figures>
          rowKey={(day) => day.day ?? ""}
          size="small"
          dataSource={shown.toReversed()}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
          columns={[
            { title: t("figures.day"), className: "numbers", render: (_, { day }) => day?.slice(5) },
            {
              title: t("figures.audio"),
              align: "right",
              className: "numbers",
              render: (_, day) => number(day.audio_minutes),
            },
            { title: t("figures.done"), align: "right", className: "numbers", dataIndex: "done" },
            { title: t("figures.failed"), align: "right", className: "numbers", dataIndex: "failed" },
            {
              title: t("figures.p50"),
              align: "right",
              className: "numbers",
              responsive: ["md"],
              render: (_, day) => wait(day.wait_p50_seconds),
            },
            {
              title: t("figures.p95"),
              align: "right",
              className: "numbers",
              responsive: ["md"],
              render: (_, day) => wait(day.wait_p95_seconds),
            },
          ]}
        />
      </Card>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <strong>{value}</strong>
      <span>{name}</span>
    </div>
  );
}
