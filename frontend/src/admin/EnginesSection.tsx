// The engines used since the server started, and all models with their licenses and attributions.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Popconfirm, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { useEngines } from "../app/engines";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { EngineAbilities } from "./EngineAbilities";
import { Models } from "./Models";

export function EnginesSection() {
  const { t } = useTranslation();
  const engines = useQuery({
    queryKey: ["engine-states"],
    queryFn: () => unwrap(api.GET("/api/admin/engines")),
    refetchInterval: 5_000,
  });
  const known = useEngines().data;
  return (
    <>
      <Card title={<h2>{t("console.engines")}</h2>} loading={engines.isPending}>
        <p className="section-about">{t("engines.about")}</p>
        {engines.isError && <ErrorAlert error={engines.error} retry={() => void engines.refetch()} />}
        {engines.data?.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("engines.none")} />}
        <ul className="plain-list" aria-label={t("console.engines")}>
          {engines.data?.map((engine) => (
            <Engine
              key={engine.name}
              engine={engine}
              label={known?.find(({ name }) => name === engine.name)?.label ?? engine.name}
            />
          ))}
        </ul>
      </Card>
      <EngineAbilities />
      <Models />
    </>
  );
}

function Engine({ engine, label }: { engine: Schemas["EngineState"]; label: string }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const path = { path: { name: engine.name }, query: { at_work: engine.busy } };
  const unload = useAction(() => unwrap(api.POST("/api/admin/engines/{name}/unload", { params: path })), {
    successMessage: t("engines.unloaded"),
    invalidates: ["engine-states"],
  });
  const restart = useAction(() => unwrap(api.POST("/api/admin/engines/{name}/restart", { params: path })), {
    successMessage: t("engines.restarted"),
    invalidates: ["engine-states"],
  });
  const state = engine.busy ? "busy" : engine.alive ? "idle" : "asleep";
  const sure = engine.busy ? t("engines.busySure") : t("engines.sure");
  return (
    <li>
      <div className="about">
        {label} {label !== engine.name && <span className="secondary">{engine.name}</span>}{" "}
        <Tag color={{ busy: "processing", idle: "success", asleep: "default" }[state]}>{t(`engines.${state}`)}</Tag>
        <small className="numbers">
          {t("engines.served", { count: engine.served })}
          {engine.waiting > 0 && ` · ${t("engines.waiting", { count: engine.waiting })}`}
          {engine.alive &&
            ` · ${t("engines.memory", { size: bytes(engine.memory) })} · ${t("engines.pid", { pid: engine.pid })}`}
        </small>
      </div>
      {engine.alive && (
        <div className="row-actions">
          <Popconfirm title={sure} okText={t("engines.restart")} onConfirm={() => restart.mutate(undefined)}>
            <Button loading={restart.isPending} aria-label={t("engines.restartOf", { name: engine.name })}>
              {t("engines.restart")}
            </Button>
          </Popconfirm>
          <Popconfirm title={sure} okText={t("engines.unload")} onConfirm={() => unload.mutate(undefined)}>
            <Button loading={unload.isPending} aria-label={t("engines.unloadOf", { name: engine.name })}>
              {t("engines.unload")}
            </Button>
          </Popconfirm>
        </div>
      )}
    </li>
  );
}
