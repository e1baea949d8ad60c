// What can be done with a recording: rename, cancel, retry, export, delete.
import { MoreOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input } from "antd";
import { useTranslation } from "react-i18next";
import { answer, api, type Job, type Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { useExport } from "../recording/exports";

export function Actions({ recording, job }: { recording: Recording; job: Job | undefined }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  const exports = useExport(recording);
  const path = { params: { path: { recording_id: recording.id } } };

  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["recordings"] }),
    onError: messages.tell,
  });
  const rename = useRename(recording);

  function remove() {
    modal.confirm({
      title: t("library.deleteTitle", { name: recording.name }),
      content: t("library.deleteAbout"),
      okText: t("library.delete"),
      okButtonProps: { danger: true },
      onOk: () =>
        act.mutateAsync(() => answer(api.DELETE("/api/recordings/{recording_id}", path))).then(
          () => void message.success(t("library.deleted")),
          () => {},
        ),
    });
  }

  const open = job?.status === "queued" || job?.status === "running";
  const items = [
    { key: "rename", label: t("library.rename"), onClick: rename },
    ...(job && open
      ? [{ key: "cancel", label: t("library.cancel"), onClick: () => act.mutate(() => answer(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.id } } }))) }]
      : []),
    ...(job && (job.status === "failed" || job.status === "cancelled")
      ? [{ key: "retry", label: t("library.retry"), onClick: () => act.mutate(() => answer(api.POST("/api/jobs/{job_id}/retry", { params: { path: { job_id: job.id } } }))) }]
      : []),
    ...(job?.status === "done" ? [{ key: "export", label: t("export.menu"), children: exports }] : []),
    { type: "divider" as const },
    { key: "delete", label: t("library.delete"), danger: true, onClick: remove },
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button type="text" icon={<MoreOutlined />} aria-label={t("library.actionsOf", { name: recording.name })} loading={act.isPending} />
    </Dropdown>
  );
}

/** Ask for another name, and give it. */
export function useRename(recording: Recording): () => void {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
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
          onPressEnter={() => void give().then(asked.destroy, () => {})}
        />
      ),
      okText: t("app.save"),
      onOk: () => give(),
    });
    async function give() {
      const clean = name.trim();
      if (!clean || clean === recording.name) return;
      try {
        await answer(api.PATCH("/api/recordings/{recording_id}", { params: { path: { recording_id: recording.id } }, body: { name: clean } }));
      } catch (error) {
        messages.tell(error);
        throw error;
      }
      await queries.invalidateQueries({ queryKey: ["recordings"] });
      await queries.invalidateQueries({ queryKey: ["recording", recording.id, "facts"] });
    }
  };
}
