// Where the user is signed in: end one session, or all of them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Popconfirm, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { session } from "../login/session";
import { deviceOf } from "./devices";

export function LoginsSection() {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const queries = useQueryClient();
  const logins = useQuery({ queryKey: ["logins"], queryFn: () => unwrap(api.GET("/api/auth/logins")) });
  const end = useAction(
    (id: string) => unwrap(api.DELETE("/api/auth/logins/{login_id}", { params: { path: { login_id: id } } })),
    { successMessage: t("account.loginEnded"), invalidates: ["logins"] },
  );
  const leave = useAction(() => unwrap(api.POST("/api/auth/logout-everywhere")), {
    onDone: () => {
      session.end();
      queries.clear();
    },
  });
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
