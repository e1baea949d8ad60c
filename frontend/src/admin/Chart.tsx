// A chart of days, drawn by ECharts; the same numbers stand in a table for those who cannot see it.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { Card, theme as themes } from "antd";
import { useEffect, useRef } from "react";
import type { Figures } from "./types";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

interface Line {
  readonly name: string;
  readonly kind: "bar" | "line";
  readonly of: (day: Figures) => number | null;
}

interface Drawn {
  title: string;
  days: readonly Figures[];
  lines: readonly Line[];
  said: (value: number) => string;
  /** The top of the scale, where it has one. */
  most?: number;
  /** The least that two lines of the scale are apart. */
  step?: number;
}

export function Chart({ title, days, lines, said, most, step = 1 }: Drawn) {
  const place = useRef<HTMLDivElement>(null);
  const { token } = themes.useToken();
  useEffect(() => {
    const chart = init(place.current!, null, { renderer: "svg" });
    const watcher = new ResizeObserver(() => chart.resize());
    watcher.observe(place.current!);
    const ink = { color: token.colorTextSecondary, fontFamily: token.fontFamily };
    chart.setOption({
      animation: false,
      color: [token.colorLink, token.colorWarning],
      textStyle: { fontFamily: token.fontFamily },
      grid: { left: 8, right: 8, top: lines.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
      legend: { show: lines.length > 1, top: 0, textStyle: ink },
      tooltip: {
        trigger: "axis",
        confine: true,
        backgroundColor: token.colorBgElevated,
        borderColor: token.colorBorderSecondary,
        textStyle: { color: token.colorText },
        valueFormatter: (value: unknown) => (typeof value === "number" ? said(value) : "–"),
      },
      xAxis: { type: "category", data: days.map(({ day }) => day?.slice(5)), axisLabel: ink, axisLine: { lineStyle: { color: token.colorBorder } }, axisTick: { show: false } },
      yAxis: { type: "value", max: most, minInterval: step, axisLabel: { ...ink, formatter: said }, splitLine: { lineStyle: { color: token.colorBorderSecondary } } },
      series: lines.map(({ name, kind, of }) => ({ name, type: kind, data: days.map(of), symbolSize: 6, barMaxWidth: 24, connectNulls: false })),
    });
    return () => {
      watcher.disconnect();
      chart.dispose();
    };
  }, [days, lines, said, most, step, token]);
  return (
    <Card title={<h2>{title}</h2>}>
      <div ref={place} className="chart" role="img" aria-label={title} />
    </Card>
  );
}
