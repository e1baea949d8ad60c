// The alert for an edit conflict: show the difference, keep one of the two versions.

import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Drawer, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { ErrorPage, Loading } from "../app/Feedback";
import type { Doc } from "../document/types";
import { Difference } from "./Difference";
import type { Loaded } from "./useEditor";

interface ConflictAlertProps {
  id: string;
  mine: Doc;
  newest: number;
  keepMine: () => void;
  takeTheirs: () => void;
}

export function ConflictAlert({ id, mine, newest, keepMine, takeTheirs }: ConflictAlertProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const theirs = useQuery({
    queryKey: ["recording", id, "conflict", newest],
    queryFn: async () =>
      (
        await unwrap(
          api.GET("/api/recordings/{recording_id}/transcript", {
            params: { path: { recording_id: id }, query: { version: newest } },
          }),
        )
      ).document as Loaded["document"],
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
            <Button size="small" type="primary" onClick={keepMine}>
              {t("editor.keepMine")}
            </Button>
            <Button size="small" onClick={takeTheirs}>
              {t("editor.discardMine")}
            </Button>
            <Button size="small" type="link" onClick={() => setOpen(true)}>
              {t("diff.conflict")}
            </Button>
          </Space>
        }
      />
      {open && (
        <Drawer open size={560} title={t("diff.conflictTitle")} onClose={() => setOpen(false)}>
          {theirs.isPending && <Loading />}
          {theirs.isError && <ErrorPage error={theirs.error} retry={() => void theirs.refetch()} />}
          {theirs.data && <Difference before={theirs.data} after={mine} />}
        </Drawer>
      )}
    </>
  );
}
