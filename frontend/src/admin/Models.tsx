// Every model we know: installed or not, under which licence, by whom.
import { useQuery } from "@tanstack/react-query";
import { Card, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useFormats } from "../app/formats";
import { Problem } from "../app/Notice";

export function Models() {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const models = useQuery({ queryKey: ["models"], queryFn: () => answer(api.GET("/api/admin/models")) });
  return (
    <Card title={<h2>{t("engines.models")}</h2>} loading={models.isPending}>
      {models.isError && <Problem error={models.error} again={() => void models.refetch()} />}
      <ul className="plain-list" aria-label={t("engines.models")}>
        {models.data?.map((model) => (
          <li key={model.name}>
            <div className="about">
              <a href={model.page} target="_blank" rel="noreferrer">{model.name}</a> <Tag color={model.installed ? "success" : "default"}>{model.installed ? bytes(model.size) : t("engines.missing")}</Tag>
              <small>{model.attribution}</small>
              <small>{t("engines.licence", { licence: model.licence })}</small>
              {!model.installed && <Typography.Text className="secret command" copyable={{ text: model.mend }}>{model.mend}</Typography.Text>}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
