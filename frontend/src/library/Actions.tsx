// What can be done with a recording: rename, cancel, retry, recognise again, export, delete.
import { MoreOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Job, type Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { cancel, isOpen, isOver, retry } from "./jobs";
import { useEach, useTrash } from "./trash";

interface Wishes {
  rename: () => void;
  again: () => void;
  export: () => void;
}

export function Actions({ recording, job, wish }: { recording: Recording; job: Job | undefined; wish: Wishes }) {
  const { t } = useTranslation();
  const each = useEach();
  const trash = useTrash();
  const items = [
    { key: "rename", label: t("library.rename"), onClick: wish.rename },
    ...(job && isOpen(job) ? [{ key: "cancel", label: t("library.cancel"), onClick: () => void each([job.id], cancel) }] : []),
    ...(job && isOver(job) ? [{ key: "retry", label: t("library.retry"), onClick: () => void each([job.id], retry) }] : []),
    ...(!job || !isOpen(job) ? [{ key: "again", label: t("library.again"), disabled: recording.original_removed_at !== null, onClick: wish.again }] : []),
    ...(job?.status === "done" ? [{ key: "export", label: t("export.menu"), onClick: wish.export }] : []),
    { type: "divider" as const },
    { key: "delete", label: t("library.delete"), danger: true, onClick: () => void trash([recording.id]) },
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button type="text" icon={<MoreOutlined />} aria-label={t("library.actionsOf", { name: recording.name })} />
    </Dropdown>
  );
}

/** Give it another name; false where that was refused. */
export function useNaming(recording: Pick<Recording, "id" | "name">): (name: string) => Promise<boolean> {
  const messages = useMessages();
  const queries = useQueryClient();
  return async (name) => {
    const clean = name.trim();
    if (!clean || clean === recording.name) return true;
    try {
      await answer(api.PATCH("/api/recordings/{recording_id}", { params: { path: { recording_id: recording.id } }, body: { name: clean } }));
    } catch (error) {
      messages.tell(error);
      return false;
    }
    await queries.invalidateQueries({ queryKey: ["recordings"] });
    await queries.invalidateQueries({ queryKey: ["recording", recording.id, "facts"] });
    return true;
  };
}

/** Ask for another name in a window of its own, and give it. */
export function useRename(recording: Recording): () => void {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const give = useNaming(recording);
  return () => {
    let name = recording.name;
    const asked = modal.confirm({
      title: t("library.renameTitle"),
      icon: null,
      content: (
        <Input
          defaultValue={name}
          maxLength={255}
          autoFocus
          aria-label={t("library.newName")}
          onChange={(event) => (name = event.target.value)}
          onPressEnter={() => void give(name).then((given) => given && asked.destroy())}
        />
      ),
      okText: t("app.save"),
      onOk: async () => {
        if (!(await give(name))) throw new DOMException("refused", "AbortError");
      },
    });
  };
}
