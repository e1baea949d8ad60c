// The Google accounts that sign in as me. There is no card where the server knows no client of Google's.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { GoogleButton } from "../login/GoogleButton";
import { waysIn } from "../login/ways";

export function GoogleCard() {
  const { t } = useTranslation();
  const client = useQuery(waysIn()).data?.google_client_id;
  const linked = useQuery({ queryKey: ["google", "linked"], queryFn: () => answer(api.GET("/api/auth/google/link")), enabled: Boolean(client) });
  const link = useDoing((credential: string) => answer(api.POST("/api/auth/google/link", { body: { credential } })), { said: t("google.linked"), changes: ["google"] });
  const unlink = useDoing(() => answer(api.DELETE("/api/auth/google/link")), { said: t("google.unlinked"), changes: ["google"] });
  if (!client) return null;
  const emails = linked.data?.emails ?? [];
  return (
    <Card title={<h2>{t("google.title")}</h2>} loading={linked.isPending}>
      {linked.isError ? (
        <Problem error={linked.error} again={() => void linked.refetch()} />
      ) : emails.length > 0 ? (
        <>
          <p>{t("google.are", { emails: emails.join(t("app.comma")) })}</p>
          <Popconfirm title={t("google.unlinkSure")} okText={t("google.unlink")} onConfirm={() => unlink.mutate(undefined)}>
            <Button danger loading={unlink.isPending}>{t("google.unlink")}</Button>
          </Popconfirm>
        </>
      ) : (
        <>
          <p className="section-about">{t("google.about")}</p>
          <GoogleButton client={client} given={(credential) => link.mutate(credential)} />
        </>
      )}
    </Card>
  );
}
