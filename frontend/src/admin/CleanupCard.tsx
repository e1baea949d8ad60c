// Storage cleanup in three steps: preview, choose, delete. Only what the preview showed is deleted.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Checkbox, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import type { Cleanup, CleanupKind } from "./types";
import { UsageByUser } from "./UsageByUser";

export function CleanupCard() {
  const { t } = useTranslation();
  const { bytes, dateTime } = useFormats();
  const queries = useQueryClient();
  const [previewing, setPreviewing] = useState(false);
  const [chosen, setChosen] = useState<CleanupKind[]>([]);
  const found = useQuery({
    queryKey: ["cleanup"],
    queryFn: () => unwrap(api.GET("/api/admin/storage/cleanup")),
    enabled: previewing,
    staleTime: Infinity,
    gcTime: 0,
  });
  const clean = useAction(
    (body: { as_of: string; kinds: CleanupKind[] }) => unwrap(api.POST("/api/admin/storage/cleanup", { body: body })),
    {
      invalidates: ["storage"],
      silent: true,
      onDone: () => {
        setChosen([]);
        setPreviewing(false);
        queries.removeQueries({ queryKey: ["cleanup"] });
      },
    },
  );
  const sum = (cleanup: Cleanup | undefined, kinds: readonly string[]) =>
    (cleanup?.kinds ?? []).filter(({ kind }) => kinds.includes(kind)).reduce((size, one) => size + one.bytes, 0);
  const present = (found.data?.kinds ?? [])
    .filter(({ count }) => count > 0)
    .map((one) => ({ ...one, kind: one.kind as CleanupKind }));
  return (
    <Card
      title={<h2>{t("cleanup.title")}</h2>}
      extra={
        <Button loading={found.isFetching} onClick={() => (previewing ? void found.refetch() : setPreviewing(true))}>
          {previewing ? t("cleanup.again") : t("cleanup.look")}
        </Button>
      }
    >
      <p className="section-about">{t("cleanup.about")}</p>
      {clean.data && !previewing && (
        <p role="status">
          {t("cleanup.done", { size: bytes(clean.data.kinds.reduce((size, one) => size + one.bytes, 0)) })}
        </p>
      )}
      <ErrorAlert error={clean.error} />
      {found.isError && <ErrorAlert error={found.error} retry={() => void found.refetch()} />}
      {previewing && found.data && present.length === 0 && <p role="status">{t("cleanup.nothing")}</p>}
      {previewing && found.data && present.length > 0 && (
        <>
          <ul className="plain-list" aria-label={t("cleanup.title")}>
            {present.map(({ kind, count, bytes: size, users }) => (
              <li key={kind}>
                <Checkbox
                  aria-label={t(`cleanup.kinds.${kind}`)}
                  checked={chosen.includes(kind)}
                  onChange={({ target }) =>
                    setChosen((before) => (target.checked ? [...before, kind] : before.filter((one) => one !== kind)))
                  }
                />
                <div className="about">
                  {t(`cleanup.kinds.${kind}`)}{" "}
                  <span className="secondary numbers">{t("cleanup.count", { count, size: bytes(size) })}</span>
                  <small>{t(`cleanup.abouts.${kind}`)}</small>
                  <UsageByUser users={users} />
                </div>
              </li>
            ))}
          </ul>
          <p className="secondary">{t("cleanup.asOf", { at: dateTime(found.data.as_of) })}</p>
          <Popconfirm
            title={t("cleanup.sure", { size: bytes(sum(found.data, chosen)) })}
            okText={t("cleanup.clean")}
            okButtonProps={{ danger: true }}
            disabled={chosen.length === 0}
            onConfirm={() => clean.mutate({ as_of: found.data.as_of, kinds: chosen })}
          >
            <Button danger disabled={chosen.length === 0} loading={clean.isPending}>
              {t("cleanup.cleanChosen", { size: bytes(sum(found.data, chosen)) })}
            </Button>
          </Popconfirm>
        </>
      )}
    </Card>
  );
}
