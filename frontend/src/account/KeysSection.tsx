// The user's API keys with their scopes and expiry. A new key is shown once.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { NewKeyDialog } from "./NewKeyDialog";
import { apiKeys } from "./queries";

export function KeysSection() {
  const { t } = useTranslation();
  const { date, dateTime } = useFormats();
  const [making, setMaking] = useState(false);
  const keys = useQuery(apiKeys());
  const revoke = useAction(
    (id: string) => unwrap(api.DELETE("/api/auth/keys/{key_id}", { params: { path: { key_id: id } } })),
    { successMessage: t("keys.revoked"), invalidates: ["keys"] },
  );
  if (keys.isError) return <ErrorPage error={keys.error} retry={() => void keys.refetch()} />;
  const make = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("keys.make")}
    </Button>
  );
  return (
    <>
      <Card title={<h2>{t("account.keys")}</h2>} extra={keys.data?.length ? make : null} loading={keys.isPending}>
        <p className="section-about">{t("keys.about")}</p>
        {keys.data?.length === 0 && (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("keys.none")}>
            {make}
          </Empty>
        )}
        <ul className="plain-list" aria-label={t("account.keys")}>
          {keys.data?.map((key) => (
            <li key={key.id}>
              <div className="about">
                {key.name}{" "}
                {key.scopes.map((scope) => (
                  <Tag key={scope}>{t(`scopes.${scope}`)}</Tag>
                ))}
                <small className="secret">{key.start}…</small>
                <small>
                  {key.expires_at ? t("keys.until", { until: date(key.expires_at) }) : t("keys.forever")} ·{" "}
                  {key.used_at ? t("keys.used", { at: dateTime(key.used_at) }) : t("keys.unused")}
                </small>
              </div>
              <Popconfirm
                title={t("keys.revokeSure", { name: key.name })}
                okText={t("keys.revoke")}
                onConfirm={() => revoke.mutate(key.id)}
              >
                <Button danger aria-label={t("keys.revokeOf", { name: key.name })}>
                  {t("keys.revoke")}
                </Button>
              </Popconfirm>
            </li>
          ))}
        </ul>
      </Card>
      {making && <NewKeyDialog close={() => setMaking(false)} />}
    </>
  );
}
