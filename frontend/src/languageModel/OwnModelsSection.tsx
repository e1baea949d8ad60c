// The user's language model: the system default, a shared one, or an own one.
import { useQuery } from "@tanstack/react-query";
import { Button, Card } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { EndpointList } from "./EndpointList";
import { modelState } from "./endpoints";

export function OwnModelsSection() {
  const { t } = useTranslation();
  const state = useQuery(modelState()).data;
  const choose = useAction(
    (endpoint: string | null) => unwrap(api.PUT("/api/language-model/default", { body: { endpoint } })),
    { successMessage: t("endpoints.chosen"), invalidates: ["endpoints", "language-model"] },
  );
  return (
    <Card
      title={<h2>{t("languageModel.title")}</h2>}
      extra={<Button onClick={() => choose.mutate(null)}>{t("endpoints.useSystemDefault")}</Button>}
    >
      <p className="section-about">{state?.own_allowed ? t("endpoints.mineAbout") : t("endpoints.mineOff")}</p>
      <EndpointList scope="mine" canAdd={Boolean(state?.own_allowed)} choose={(id) => choose.mutate(id)} />
    </Card>
  );
}
