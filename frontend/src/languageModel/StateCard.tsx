// The current language model: whether one is configured, and whether it responds.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { modelState } from "./endpoints";

export function StateCard() {
  const { t } = useTranslation();
  const state = useQuery(modelState());
  const test = useAction(() => unwrap(api.POST("/api/language-model/test")), { silent: true });
  const it = state.data;
  return (
    <Card
      title={<h2>{t("languageModel.title")}</h2>}
      loading={state.isPending}
      extra={
        it?.configured && (
          <Button loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {t("languageModel.test")}
          </Button>
        )
      }
    >
      {state.isError && <ErrorAlert error={state.error} retry={() => void state.refetch()} />}
      {it && !it.configured && <p className="section-about">{t("languageModel.none")}</p>}
      {it?.configured && (
        <p>
          {it.model} <Tag color="success">{t("languageModel.configured")}</Tag>
        </p>
      )}
      {test.isSuccess && (
        <Alert className="spaced" type="success" showIcon role="status" title={t("languageModel.answers")} />
      )}
      <ErrorAlert error={test.error} />
    </Card>
  );
}
