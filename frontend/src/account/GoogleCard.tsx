// The Google accounts linked to this user. The card is hidden when the server has no Google client id.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { GoogleButton } from "../login/GoogleButton";
import { signInOptions } from "../login/signInOptions";

export function GoogleCard() {
  const { t } = useTranslation();
  const client = useQuery(signInOptions()).data?.google_client_id;
  const linked = useQuery({
    queryKey: ["google", "linked"],
    queryFn: () => unwrap(api.GET("/api/auth/google/link")),
    enabled: Boolean(client),
  });
  const link = useAction((credential: string) => unwrap(api.POST("/api/auth/google/link", { body: { credential } })), {
    successMessage: t("google.linked"),
    invalidates: ["google"],
  });
  const unlink = useAction(() => unwrap(api.DELETE("/api/auth/google/link")), {
    successMessage: t("google.unlinked"),
    invalidates: ["google"],
  });
  if (!client) return null;
  const emails = linked.data?.emails ?? [];
  return (
    <Card title={<h2>{t("google.title")}</h2>} loading={linked.isPending}>
      {linked.isError ? (
        <ErrorAlert error={linked.error} retry={() => void linked.refetch()} />
      ) : emails.length > 0 ? (
        <>
          <p>{t("google.are", { emails: emails.join(t("app.comma")) })}</p>
          <Popconfirm
            title={t("google.unlinkSure")}
            okText={t("google.unlink")}
            onConfirm={() => unlink.mutate(undefined)}
          >
            <Button danger loading={unlink.isPending}>
              {t("google.unlink")}
            </Button>
          </Popconfirm>
        </>
      ) : (
        <>
          <p className="section-about">{t("google.about")}</p>
          <GoogleButton client={client} onCredential={(credential) => link.mutate(credential)} />
        </>
      )}
    </Card>
  );
}
