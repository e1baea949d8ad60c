// The actions on a recording: rename, cancel, retry, transcribe again, export, delete.
import { MoreOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, type Job, type Recording, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { titleOf } from "../app/recordingTitle";
import { cancel, isOpen, isRetryable, retry } from "./jobs";
import { useForEach, useMoveToTrash } from "./trash";
import { nameNow, useNameQuestion } from "./useNameQuestion";

interface Handlers {
  rename: () => void;
  tag: () => void;
  move: () => void;
  again: () => void;
  export: () => void;
}

export function RecordingActions({ recording, job, on }: { recording: Recording; job: Job | undefined; on: Handlers }) {
  const { t } = useTranslation();
  const each = useForEach();
  const trash = useMoveToTrash();
  const items = [
    { key: "rename", label: t("library.rename"), onClick: on.rename },
    { key: "tag", label: t("organize.tag"), onClick: on.tag },
    { key: "move", label: t("organize.move"), onClick: on.move },
    ...(job && isOpen(job)
      ? [{ key: "cancel", label: t("library.cancel"), onClick: () => void each([job.id], cancel) }]
      : []),
    ...(job && isRetryable(job)
      ? [{ key: "retry", label: t("library.retry"), onClick: () => void each([job.id], retry) }]
      : []),
    ...(!job || !isOpen(job)
      ? [
          {
            key: "again",
            label: t("library.transcribeAgain"),
            disabled: recording.original_removed_at !== null,
            onClick: on.again,
          },
        ]
      : []),
    ...(job?.status === "done" ? [{ key: "export", label: t("export.menu"), onClick: on.export }] : []),
    { type: "divider" as const },
    { key: "delete", label: t("library.delete"), danger: true, onClick: () => void trash([recording.id]) },
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button
        type="text"
        icon={<MoreOutlined />}
        aria-label={t("library.actionsOf", { name: titleOf(recording.name) })}
      />
    </Dropdown>
  );
}

/** Renames a recording; resolves to false if that failed. */
export function useRenameRecording(recording: Pick<Recording, "id" | "name">): (name: string) => Promise<boolean> {
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const keepMine = useNameQuestion();
  const put = async (name: string, expected: string): Promise<void> => {
    try {
      await unwrap(
        api.PATCH("/api/recordings/{recording_id}", {
          params: { path: { recording_id: recording.id } },
          body: { name, expected_name: expected },
        }),
      );
    } catch (error) {
      const theirs = nameNow(error);
      if (theirs === null) throw error;
      if (theirs !== name && (await keepMine(name, theirs))) await put(name, theirs);
    }
  };
  return async (name) => {
    const clean = name.trim();
    if (!clean || clean === recording.name || clean === titleOf(recording.name)) return true;
    try {
      await put(clean, recording.name);
    } catch (error) {
      messages.show(error);
      return false;
    }
    await queries.invalidateQueries({ queryKey: ["recordings"] });
    await queries.invalidateQueries({ queryKey: ["recording", recording.id, "facts"] });
    return true;
  };
}

/** Opens the rename dialog. */
export function useRenameDialog(recording: Recording): () => void {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const rename = useRenameRecording(recording);
  return () => {
    let name = titleOf(recording.name);
    const dialog = modal.confirm({
      autoFocusButton: null, // the field has the focus
      title: t("library.renameTitle"),
      icon: null,
      content: (
        <Input
          defaultValue={name}
          maxLength={255}
          autoFocus
          onFocus={(event) => event.target.select()}
          aria-label={t("library.newName")}
          onChange={(event) => (name = event.target.value)}
          onPressEnter={() => void rename(name).then((renamed) => renamed && dialog.destroy())}
        />
      ),
      okText: t("app.save"),
      onOk: async () => {
        if (!(await rename(name))) throw new DOMException("refused", "AbortError");
      },
    });
  };
}
