// Every known model: whether it is installed, its license and its attribution.
import { useQuery } from "@tanstack/react-query";
import { Card, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";

export function Models() {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const models = useQuery({ queryKey: ["models"], queryFn: () => unwrap(api.GET("/api/admin/models")) });
  return (
    <Card title={<h2>{t("engines.models")}</h2>} loading={models.isPending}>
      {models.isError && <ErrorAlert error={models.error} retry={() => void models.refetch()} />}
      <ul className="plain-list" aria-label={t("engines.models")}>
        {models.data?.map((model) => (
          <li key={model.name}>
            <div className="about">
              <a href={model.page} target="_blank" rel="noreferrer">
                {model.name}
              </a>{" "}
              <Tag color={model.installed ? "success" : "default"}>
                {model.installed ? bytes(model.size) : t("engines.missing")}
              </Tag>
              <small>{model.attribution}</small>
              <small>{t("engines.licence", { licence: model.licence })}</small>
              {!model.installed && (
                <Typography.Text className="secret command" copyable={{ text: model.mend }}>
                  {model.mend}
                </Typography.Text>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
