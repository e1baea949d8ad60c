// The language models of the house, which of them is asked, and whether people may bring their own.
import { useQuery } from "@tanstack/react-query";
import { Card, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { EndpointList } from "./EndpointList";
import { modelState } from "./endpoints";
import { StateCard } from "./StateCard";

export function HouseSection() {
  const managed = useQuery(modelState()).data?.own_allowed !== undefined;
  return (
    <>
      <StateCard />
      {managed && <HouseCard />}
    </>
  );
}

function HouseCard() {
  const { t } = useTranslation();
  const house = useQuery({ queryKey: ["endpoints", "of the house"], queryFn: () => answer(api.GET("/api/admin/language-model")) });
  const change = useDoing((body: Schemas["HouseChoice"]) => answer(api.PUT("/api/admin/language-model", { body })), { said: t("users.changed"), changes: ["endpoints", "language-model"] });
  const it = house.data;
  return (
    <Card title={<h2>{t("endpoints.title")}</h2>} loading={house.isPending}>
      <p className="section-about">{t("endpoints.houseAbout")}</p>
      {house.isError && <Problem error={house.error} again={() => void house.refetch()} />}
      {it && (
        <label className="switch-line">
          <Switch checked={it.own_endpoints} loading={change.isPending} onChange={(own_endpoints) => change.mutate({ ...it, own_endpoints })} /> <span>{t("endpoints.own")}</span>
        </label>
      )}
      {it && <EndpointList whose="house" open choose={(id) => change.mutate({ ...it, default: id })} />}
    </Card>
  );
}
