// Moving recordings to the trash and restored: no confirmation, but an undo.
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { createElement, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";

/** Seconds for which the undo is offered; the trash page offers it for weeks. */
const UNDO_SECONDS = 12;

/** First elements of the query keys that change when recordings move to or from the trash. */
const AFFECTED_QUERIES = ["recordings", "trash", "quota", "tags", "folders"];

export function useInvalidate() {
  const queries = useQueryClient();
  return useCallback(
    () => Promise.all(AFFECTED_QUERIES.map((first) => queries.invalidateQueries({ queryKey: [first] }))),
    [queries],
  );
}

/** One request per recording. Shows the last error; resolves to the ids that succeeded. */
export function useForEach() {
  const messages = useErrorMessages();
  const changed = useInvalidate();
  return async (ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<string[]> => {
    const done: string[] = [];
    let refused: unknown = null;
    for (const id of ids) {
      try {
        await work(id);
        done.push(id);
      } catch (error) {
        refused = error;
      }
    }
    if (refused) messages.show(refused);
    await changed();
    return done;
  };
}

export function restoreRecording(id: string) {
  return unwrap(api.POST("/api/trash/{recording_id}/restore", { params: { path: { recording_id: id } } }));
}

export function useMoveToTrash() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const each = useForEach();
  /** Resolves to whether any was moved. */
  return async (ids: readonly string[]): Promise<boolean> => {
    const trashed = await each(ids, (id) =>
      unwrap(api.DELETE("/api/recordings/{recording_id}", { params: { path: { recording_id: id } } })),
    );
    if (trashed.length === 0) return false;
    const key = `trashed-${trashed[0]}`;
    const undo = async () => {
      message.destroy(key);
      const restored = await each(trashed, restoreRecording);
      if (restored.length > 0) void message.success(t("trash.restored", { count: restored.length }));
    };
    void message.open({
      key,
      type: "success",
      duration: UNDO_SECONDS,
      content: [
        t("trash.moved", { count: trashed.length }),
        createElement(
          Button,
          { key: "undo", type: "link", size: "small", onClick: () => void undo() },
          t("trash.undo"),
        ),
      ],
    });
    return true;
  };
}
