// The transcript was changed elsewhere: what is different, and whose it shall be.
import { Alert, Button, Drawer, Space } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { Failed, Waiting } from "../app/Notice";
import type { Doc } from "../document/types";
import { Difference } from "./Difference";
import type { Loaded } from "./useEditor";

interface Conflicting {
  id: string;
  mine: Doc;
  newest: number;
  keepMine: () => void;
  takeTheirs: () => void;
}

export function Conflict({ id, mine, newest, keepMine, takeTheirs }: Conflicting) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const theirs = useQuery({
    queryKey: ["recording", id, "conflict", newest],
    queryFn: async () => (await answer(api.GET("/api/recordings/{recording_id}/transcript", { params: { path: { recording_id: id }, query: { version: newest } } }))).document as Loaded["document"],
    enabled: open,
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <>
      <Alert
        type="warning"
        showIcon
        banner
        title={t("editor.conflict")}
        description={t("editor.conflictAbout")}
        action={
          <Space orientation="vertical">
            <Button size="small" type="primary" onClick={keepMine}>{t("editor.keepMine")}</Button>
            <Button size="small" onClick={takeTheirs}>{t("editor.takeTheirs")}</Button>
            <Button size="small" type="link" onClick={() => setOpen(true)}>{t("diff.conflict")}</Button>
          </Space>
        }
      />
      {open && (
        <Drawer open size={560} title={t("diff.conflictTitle")} onClose={() => setOpen(false)}>
          {theirs.isPending && <Waiting />}
          {theirs.isError && <Failed error={theirs.error} again={() => void theirs.refetch()} />}
          {theirs.data && <Difference before={theirs.data} after={mine} />}
        </Drawer>
      )}
    </>
  );
}
