// The versions there are, and the way back to one of them.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Popconfirm, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import type { Edit, Loaded } from "./useEditor";

export function VersionsDrawer({ id, edit, close }: { id: string; edit: Edit; close: () => void }) {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  const path = { recording_id: id };
  const found = useQuery({
    queryKey: ["recording", id, "versions"],
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/transcript/versions", { params: { path } })),
    staleTime: 0,
    gcTime: 0,
  });
  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });

  async function restore(version: number) {
    try {
      const { document } = await answer(api.GET("/api/recordings/{recording_id}/transcript", { params: { path, query: { version } } }));
      edit(() => document as Loaded["document"]);
      void message.success(t("editor.restored"));
      close();
    } catch (error) {
      messages.tell(error);
    }
  }

  return (
    <Drawer open title={t("editor.versions")} onClose={close}>
      {found.isPending && <Waiting />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      <ul className="versions">
        {found.data?.map((version, index) => (
          <li key={version.number}>
            <div>
              <strong>{t("editor.version", { number: version.number })}</strong> {index === 0 && <Tag color="success">{t("editor.newest")}</Tag>}
              <br />
              <small>{t(`editor.origin.${version.origin}`)} · {when.format(new Date(version.created_at))}</small>
            </div>
            {index > 0 && (
              <Popconfirm title={t("editor.restoreSure")} okText={t("editor.restore")} onConfirm={() => restore(version.number)}>
                <Button size="small">{t("editor.restore")}</Button>
              </Popconfirm>
            )}
          </li>
        ))}
      </ul>
    </Drawer>
  );
}
