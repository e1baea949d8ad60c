// What each installed engine can do, and what it costs on this server.
import { Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { type Engine, useEngines } from "../app/engines";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";

export function EngineAbilities() {
  const { t } = useTranslation();
  const engines = useEngines();
  return (
    <Card title={<h2>{t("engines.installed")}</h2>} loading={engines.isPending}>
      <p className="section-about">{t("engines.installedAbout")}</p>
      {engines.isError && <ErrorAlert error={engines.error} retry={() => void engines.refetch()} />}
      <ul className="plain-list" aria-label={t("engines.installed")}>
        {engines.data
          ?.filter((engine) => engine.installed)
          .map((engine) => (
            <Abilities key={engine.name} engine={engine} />
          ))}
      </ul>
    </Card>
  );
}

function Abilities({ engine }: { engine: Engine }) {
  const { t, i18n } = useTranslation();
  const { bytes, dateTime, number } = useFormats();
  const names = new Intl.DisplayNames([i18n.language], { type: "language" });
  const { languages, measured } = engine;
  return (
    <li>
      <div className="about">
        {engine.label} <span className="secondary">{engine.name}</span>{" "}
        {engine.task === "transcribe" && (
          <>
            <Tag>
              {languages.length > 3
                ? t("engines.languagesMany", { count: languages.length })
                : languages.map((code) => names.of(code) ?? code).join(", ")}
            </Tag>
            <Tag color={engine.hotwords ? "success" : "default"}>
              {t(engine.hotwords ? "engines.hotwordsYes" : "engines.hotwordsNo")}
            </Tag>
            <Tag color={engine.times ? "success" : "default"}>
              {t(engine.times ? "engines.timesYes" : "engines.timesNo")}
            </Tag>
          </>
        )}
        <small className="numbers">
          {measured
            ? `${t("engines.cost", {
                cpu: number(measured.cpu_seconds_a_minute),
                speed: number(1 / Math.max(measured.real_time_factor, 0.0001)),
                memory: bytes(measured.peak_bytes),
              })} · ${t("engines.measuredAt", { date: dateTime(measured.measured_at) })}`
            : t("engines.costNone")}
        </small>
      </div>
    </li>
  );
}
