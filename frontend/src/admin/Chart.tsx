// A chart by day, drawn with ECharts. The same numbers are in a table for screen readers.

import { Card, theme as themes } from "antd";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Figures } from "./types";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

interface Series {
  readonly name: string;
  readonly kind: "bar" | "line";
  readonly value: (day: Figures) => number | null;
}

interface ChartProps {
  title: string;
  days: readonly Figures[];
  series: readonly Series[];
  format: (value: number) => string;
  /** The top of the scale, if it is fixed. */
  max?: number;
  /** The smallest distance between two grid lines. */
  minInterval?: number;
}

export function Chart({ title, days, series, format, max, minInterval = 1 }: ChartProps) {
  const container = useRef<HTMLDivElement>(null);
  const { token } = themes.useToken();
  useEffect(() => {
    const chart = init(container.current!, null, { renderer: "svg" });
    const watcher = new ResizeObserver(() => chart.resize());
    watcher.observe(container.current!);
    const textStyle = { color: token.colorTextSecondary, fontFamily: token.fontFamily };
    chart.setOption({
      animation: false,
      color: [token.colorLink, token.colorWarning],
      textStyle: { fontFamily: token.fontFamily },
      grid: { left: 8, right: 8, top: series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
      legend: { show: series.length > 1, top: 0, textStyle: textStyle },
      tooltip: {
        trigger: "axis",
        confine: true,
        backgroundColor: token.colorBgElevated,
        borderColor: token.colorBorderSecondary,
        textStyle: { color: token.colorText },
        valueFormatter: (value: unknown) => (typeof value === "number" ? format(value) : "–"),
      },
      xAxis: {
        type: "category",
        data: days.map(({ day }) => day?.slice(5)),
        axisLabel: textStyle,
        axisLine: { lineStyle: { color: token.colorBorder } },
        axisTick: { show: false },
      },
      yAxis: {
        type: "value",
        max: max,
        minInterval: minInterval,
        axisLabel: { ...textStyle, formatter: format },
        splitLine: { lineStyle: { color: token.colorBorderSecondary } },
      },
      series: series.map(({ name, kind, value }) => ({
        name,
        type: kind,
        data: days.map(value),
        symbolSize: 6,
        barMaxWidth: 24,
        connectNulls: false,
      })),
    });
    return () => {
      watcher.disconnect();
      chart.dispose();
    };
  }, [days, series, format, max, minInterval, token]);
  return (
    <Card title={<h2>{title}</h2>}>
      <div ref={container} className="chart" role="img" aria-label={title} />
    </Card>
  );
}
