// Where I am signed in: end one login, or all of them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Popconfirm, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Failed } from "../app/Notice";
import { session } from "../login/session";
import { deviceOf } from "./devices";

export function LoginsSection() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const queries = useQueryClient();
  const logins = useQuery({ queryKey: ["logins"], queryFn: () => answer(api.GET("/api/auth/logins")) });
  const end = useDoing((id: string) => answer(api.DELETE("/api/auth/logins/{login_id}", { params: { path: { login_id: id } } })), { said: t("account.loginEnded"), changes: ["logins"] });
  const leave = useDoing(() => answer(api.POST("/api/auth/logout-everywhere")), {
    then: () => {
      session.end();
      queries.clear();
    },
  });
  if (logins.isError) return <Failed error={logins.error} again={() => void logins.refetch()} />;
  return (
    <>
      <Card title={<h2>{t("account.logins")}</h2>} loading={logins.isPending}>
        <p className="section-about">{t("account.loginsAbout")}</p>
        <ul className="plain-list" aria-label={t("account.logins")}>
          {logins.data?.map((login) => (
            <li key={login.id}>
              <div className="about">
                <span title={login.device}>{deviceOf(login.device) || t("account.unknownDevice")}</span> {login.current && <Tag color="success">{t("account.thisOne")}</Tag>}
                <small>{t("account.loginFrom", { address: login.address, used: moment(login.used_at) })}</small>
                <small>{t("account.loginUntil", { since: moment(login.created_at), until: moment(login.expires_at) })}</small>
              </div>
              {!login.current && (
                <Button loading={end.isPending && end.variables === login.id} onClick={() => end.mutate(login.id)} aria-label={t("account.endOf", { device: deviceOf(login.device) })}>
                  {t("account.end")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <Card title={<h2>{t("account.leaveEverywhere")}</h2>}>
        <p className="section-about">{t("account.leaveAbout")}</p>
        <Popconfirm title={t("account.leaveSure")} onConfirm={() => leave.mutate(undefined)} okText={t("account.leaveEverywhere")}>
          <Button danger loading={leave.isPending}>{t("account.leaveEverywhere")}</Button>
        </Popconfirm>
      </Card>
    </>
  );
}
