// The system-wide language models, the default one, and whether users may add their own.
import { useQuery } from "@tanstack/react-query";
import { Card, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { EndpointList } from "./EndpointList";
import { modelState } from "./endpoints";
import { StateCard } from "./StateCard";

export function SystemModelsSection() {
  const managed = useQuery(modelState()).data?.own_allowed !== undefined;
  return (
    <>
      <StateCard />
      {managed && <SystemModelsCard />}
    </>
  );
}

function SystemModelsCard() {
  const { t } = useTranslation();
  const system = useQuery({
    queryKey: ["endpoints", "system choice"],
    queryFn: () => unwrap(api.GET("/api/admin/language-model")),
  });
  const change = useAction(
    (body: Schemas["SystemWideChoice"]) => unwrap(api.PUT("/api/admin/language-model", { body })),
    {
      successMessage: t("users.changed"),
      invalidates: ["endpoints", "language-model"],
    },
  );
  const it = system.data;
  return (
    <Card title={<h2>{t("endpoints.title")}</h2>} loading={system.isPending}>
      <p className="section-about">{t("endpoints.systemAbout")}</p>
      {system.isError && <ErrorAlert error={system.error} retry={() => void system.refetch()} />}
      {it && (
        <label className="switch-row">
          <Switch
            checked={it.own_endpoints}
            loading={change.isPending}
            onChange={(own_endpoints) => change.mutate({ ...it, own_endpoints })}
          />{" "}
          <span>{t("endpoints.own")}</span>
        </label>
      )}
      {it && <EndpointList scope="system" canAdd choose={(id) => change.mutate({ ...it, default: id })} />}
    </Card>
  );
}
