// Where the user is signed in: end one session, or all of them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Checkbox, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { session } from "../login/session";
import { deviceOf } from "./devices";
import { apiKeys } from "./queries";

export function LoginsSection() {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const queries = useQueryClient();
  const logins = useQuery({ queryKey: ["logins"], queryFn: () => unwrap(api.GET("/api/auth/logins")) });
  const end = useAction(
    (id: string) => unwrap(api.DELETE("/api/auth/logins/{login_id}", { params: { path: { login_id: id } } })),
    { successMessage: t("account.loginEnded"), invalidates: ["logins"] },
  );
  const { data: keys } = useQuery(apiKeys());
  const [revokeKeys, setRevokeKeys] = useState(false);
  const { message } = App.useApp();
  const leave = useAction(
    () => unwrap(api.POST("/api/auth/logout-everywhere", { body: { revoke_keys: revokeKeys } })),
    {
      onDone: ({ keys_left }) => {
        if (keys_left) void message.warning(t("account.keysLeft", { count: keys_left }));
        session.end();
        queries.clear();
      },
    },
  );
  if (logins.isError) return <ErrorPage error={logins.error} retry={() => void logins.refetch()} />;
  return (
    <>
      <Card title={<h2>{t("account.logins")}</h2>} loading={logins.isPending}>
        <p className="section-about">{t("account.loginsAbout")}</p>
        <ul className="plain-list" aria-label={t("account.logins")}>
          {logins.data?.map((login) => (
            <li key={login.id}>
              <div className="about">
                <span title={login.device}>{deviceOf(login.device) || t("account.unknownDevice")}</span>{" "}
                {login.current && <Tag color="success">{t("account.thisOne")}</Tag>}
                <small>{t("account.loginFrom", { address: login.address, used: dateTime(login.used_at) })}</small>
                <small>
                  {t("account.loginUntil", { since: dateTime(login.created_at), until: dateTime(login.expires_at) })}
                </small>
              </div>
              {!login.current && (
                <Button
                  loading={end.isPending && end.variables === login.id}
                  onClick={() => end.mutate(login.id)}
                  aria-label={t("account.endOf", { device: deviceOf(login.device) })}
                >
                  {t("account.end")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <Card title={<h2>{t("account.leaveEverywhere")}</h2>}>
        <p className="section-about">{t("account.leaveAbout")}</p>
        <Popconfirm
          title={t("account.leaveSure")}
          description={
            keys &&
            keys.length > 0 && (
              <>
                <p>{t("account.keysStay", { count: keys.length })}</p>
                <Checkbox checked={revokeKeys} onChange={(event) => setRevokeKeys(event.target.checked)}>
                  {t("account.revokeKeys", { count: keys.length })}
                </Checkbox>
              </>
            )
          }
          onConfirm={() => leave.mutate(undefined)}
          okText={t("account.leaveEverywhere")}
        >
          <Button danger loading={leave.isPending}>
            {t("account.leaveEverywhere")}
          </Button>
        </Popconfirm>
      </Card>
    </>
  );
}
