// The findings of the system check, each with the command that fixes it.
import { CheckCircleFilled, CloseCircleFilled, ReloadOutlined, WarningFilled } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Spin, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { ErrorAlert } from "../app/Feedback";

const ICONS = { ok: <CheckCircleFilled />, warn: <WarningFilled />, fail: <CloseCircleFilled /> };

export function SystemSection() {
  const { t } = useTranslation();
  // Every check hashes gigabytes of model files, so it never refetches on its own.
  const found = useQuery({
    queryKey: ["system"],
    queryFn: () => unwrap(api.GET("/api/admin/system")),
    staleTime: Infinity,
  });
  const bad = found.data?.filter(({ state }) => state === "fail").length ?? 0;
  const poor = found.data?.filter(({ state }) => state === "warn").length ?? 0;
  return (
    <Card
      title={<h2>{t("console.system")}</h2>}
      extra={
        <Button icon={<ReloadOutlined />} loading={found.isFetching} onClick={() => void found.refetch()}>
          {t("system.again")}
        </Button>
      }
    >
      {found.isPending && (
        <p role="status">
          <Spin size="small" /> {t("system.looking")}
        </p>
      )}
      {found.isError && <ErrorAlert error={found.error} retry={() => void found.refetch()} />}
      {found.data && (
        <>
          <Alert
            className="spaced"
            showIcon
            type={bad ? "error" : poor ? "warning" : "success"}
            title={bad ? t("system.bad", { count: bad }) : poor ? t("system.poor", { count: poor }) : t("system.well")}
          />
          <ul className="plain-list" aria-label={t("console.system")}>
            {found.data.map((line) => (
              <Finding key={line.name} line={line} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** Translated where a text exists, else the server's English sentence. */
function Finding({ line }: { line: Schemas["Finding"] }) {
  const { t, i18n } = useTranslation();
  const found = i18n.exists(`system.found.${line.code}`)
    ? t(`system.found.${line.code}` as "system.found.gpu_there", line.facts as { gpu: string })
    : line.found;
  return (
    <li>
      <span className={`finding ${line.state}`} role="img" aria-label={t(`system.${line.state}`)}>
        {ICONS[line.state]}
      </span>
      <div className="about">
        {i18n.exists(`system.names.${line.name}`) ? t(`system.names.${line.name}` as "system.names.Disk") : line.name}
        <small>{found}</small>
        {i18n.exists(`system.mends.${line.code}`) ? (
          <small>{t(`system.mends.${line.code}` as "system.mends.disk_full")}</small>
        ) : (
          <Command text={line.mend} />
        )}
      </div>
    </li>
  );
}

function Command({ text }: { text: string }) {
  if (!text) return null;
  return (
    <Typography.Text className="secret command" copyable={{ text }}>
      {text}
    </Typography.Text>
  );
}
