// What can go at once: looked at first, then chosen, then deleted. Nothing goes that was not shown.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Checkbox, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Problem } from "../app/Notice";
import type { Cleanup, CleanupKind } from "./types";
import { Whose } from "./Whose";

export function CleanupCard() {
  const { t } = useTranslation();
  const { bytes, moment } = useFormats();
  const queries = useQueryClient();
  const [looking, setLooking] = useState(false);
  const [chosen, setChosen] = useState<CleanupKind[]>([]);
  const found = useQuery({ queryKey: ["cleanup"], queryFn: () => answer(api.GET("/api/admin/storage/cleanup")), enabled: looking, staleTime: Infinity, gcTime: 0 });
  const clean = useDoing((asked: { as_of: string; kinds: CleanupKind[] }) => answer(api.POST("/api/admin/storage/cleanup", { body: asked })), {
    changes: ["storage"],
    silent: true,
    then: () => {
      setChosen([]);
      setLooking(false);
      queries.removeQueries({ queryKey: ["cleanup"] });
    },
  });
  const sum = (cleanup: Cleanup | undefined, kinds: readonly string[]) => (cleanup?.kinds ?? []).filter(({ kind }) => kinds.includes(kind)).reduce((size, one) => size + one.bytes, 0);
  const there = (found.data?.kinds ?? []).filter(({ count }) => count > 0).map((one) => ({ ...one, kind: one.kind as CleanupKind }));
  return (
    <Card title={<h2>{t("cleanup.title")}</h2>} extra={<Button loading={found.isFetching} onClick={() => (looking ? void found.refetch() : setLooking(true))}>{looking ? t("cleanup.again") : t("cleanup.look")}</Button>}>
      <p className="section-about">{t("cleanup.about")}</p>
      {clean.data && !looking && <p role="status">{t("cleanup.done", { size: bytes(clean.data.kinds.reduce((size, one) => size + one.bytes, 0)) })}</p>}
      <Problem error={clean.error} />
      {found.isError && <Problem error={found.error} again={() => void found.refetch()} />}
      {looking && found.data && there.length === 0 && <p role="status">{t("cleanup.nothing")}</p>}
      {looking && found.data && there.length > 0 && (
        <>
          <ul className="plain-list" aria-label={t("cleanup.title")}>
            {there.map(({ kind, count, bytes: size, users }) => (
              <li key={kind}>
                <Checkbox aria-label={t(`cleanup.kinds.${kind}`)} checked={chosen.includes(kind)} onChange={({ target }) => setChosen((before) => (target.checked ? [...before, kind] : before.filter((one) => one !== kind)))} />
                <div className="about">
                  {t(`cleanup.kinds.${kind}`)} <span className="quiet numbers">{t("cleanup.count", { count, size: bytes(size) })}</span>
                  <small>{t(`cleanup.abouts.${kind}`)}</small>
                  <Whose users={users} />
                </div>
              </li>
            ))}
          </ul>
          <p className="quiet">{t("cleanup.asOf", { at: moment(found.data.as_of) })}</p>
          <Popconfirm title={t("cleanup.sure", { size: bytes(sum(found.data, chosen)) })} okText={t("cleanup.clean")} okButtonProps={{ danger: true }} disabled={chosen.length === 0} onConfirm={() => clean.mutate({ as_of: found.data.as_of, kinds: chosen })}>
            <Button danger disabled={chosen.length === 0} loading={clean.isPending}>{t("cleanup.cleanChosen", { size: bytes(sum(found.data, chosen)) })}</Button>
          </Popconfirm>
        </>
      )}
    </Card>
  );
}
