// The language model that is asked for me: as the house says, a shared one, or one of my own.
import { useQuery } from "@tanstack/react-query";
import { Button, Card } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { EndpointList } from "./EndpointList";
import { modelState } from "./endpoints";

export function MineSection() {
  const { t } = useTranslation();
  const state = useQuery(modelState()).data;
  const choose = useDoing((endpoint: string | null) => answer(api.PUT("/api/language-model/default", { body: { endpoint } })), { said: t("endpoints.chosen"), changes: ["endpoints", "language-model"] });
  return (
    <Card title={<h2>{t("languageModel.title")}</h2>} extra={<Button onClick={() => choose.mutate(null)}>{t("endpoints.asHouse")}</Button>}>
      <p className="section-about">{state?.own_allowed ? t("endpoints.mineAbout") : t("endpoints.mineOff")}</p>
      <EndpointList whose="mine" open={Boolean(state?.own_allowed)} choose={(id) => choose.mutate(id)} />
    </Card>
  );
}
