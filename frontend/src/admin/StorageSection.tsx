// Disk usage by kind and by user, cleanup, and retention rules.
import { useQuery } from "@tanstack/react-query";
import { Alert, Card, Progress, Table } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { CleanupCard } from "./CleanupCard";
import { RetentionCard } from "./RetentionCard";
import type { Stored, StoredByUser, StoredKind } from "./types";

const KINDS: readonly StoredKind[] = [
  "originals",
  "listening_copies",
  "artifacts",
  "transcripts",
  "uploads",
  "trash",
  "other",
];

export function StorageSection() {
  const { t } = useTranslation();
  const stored = useQuery({ queryKey: ["storage"], queryFn: () => unwrap(api.GET("/api/admin/storage")) });
  return (
    <>
      <Card title={<h2>{t("console.storage")}</h2>} loading={stored.isPending}>
        {stored.isError && <ErrorAlert error={stored.error} retry={() => void stored.refetch()} />}
        {stored.data && <DiskUsage stored={stored.data} />}
      </Card>
      <CleanupCard />
      <RetentionCard />
      {stored.data && <ByUser users={stored.data.users} />}
    </>
  );
}

function DiskUsage({ stored }: { stored: Stored }) {
  const { t } = useTranslation();
  const { bytes, dateTime } = useFormats();
  const { disk, total, database, kinds } = stored;
  const tight = disk.free < disk.reserve + disk.total / 20;
  return (
    <>
      {tight && (
        <Alert
          className="spaced"
          type="warning"
          showIcon
          title={t("storage.tight")}
          description={t("storage.tightAbout")}
        />
      )}
      <div className="figures spaced">
        <div className="figure">
          <strong>{bytes(disk.free)}</strong>
          <span>{t("storage.free", { total: bytes(disk.total) })}</span>
        </div>
        <div className="figure">
          <strong>{bytes(total)}</strong>
          <span>{t("storage.uploads")}</span>
        </div>
        <div className="figure">
          <strong>{database === null ? "–" : bytes(database)}</strong>
          <span>{t("storage.database")}</span>
        </div>
      </div>
      <ul className="plain-list" aria-label={t("storage.byKind")}>
        {KINDS.map((kind) => (
          <li key={kind} className="kind-bar">
            <span>{t(`storage.kinds.${kind}`)}</span>
            <Progress
              percent={total ? (100 * kinds[kind]) / total : 0}
              showInfo={false}
              aria-label={t(`storage.kinds.${kind}`)}
            />
            <span className="numbers">{bytes(kinds[kind])}</span>
          </li>
        ))}
      </ul>
      <p className="secondary">
        {t("storage.measured", { at: dateTime(stored.measured_at), reserve: bytes(disk.reserve) })}
      </p>
    </>
  );
}

function ByUser({ users }: { users: readonly StoredByUser[] }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  return (
    <Card title={<h2>{t("storage.byUser")}</h2>}>
      <Table<StoredByUser>
        rowKey="user_id"
        size="small"
        dataSource={users}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        columns={[
          { title: t("login.username"), dataIndex: "username" },
          { title: t("storage.recordings"), align: "right", className: "numbers", dataIndex: "recordings" },
          { title: t("storage.total"), align: "right", className: "numbers", render: (_, user) => bytes(user.total) },
          {
            title: t("storage.kinds.originals"),
            align: "right",
            className: "numbers",
            responsive: ["lg"],
            render: (_, user) => bytes(user.originals),
          },
          {
            title: t("storage.kinds.trash"),
            align: "right",
            className: "numbers",
            responsive: ["lg"],
            render: (_, user) => bytes(user.trash),
          },
        ]}
      />
    </Card>
  );
}
