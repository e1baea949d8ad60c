// Into the trash and out of it again: nothing is asked before, everything can be undone after.
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { createElement, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMessages } from "../api/messages";

/** Seconds for which the undo stands there; the trash page has it for weeks. */
const UNDO_SECONDS = 12;

/** What the lists of recordings, of the trash and of quotas say is not true any more. */
const CHANGED = ["recordings", "trash", "quota"];

export function useChanged() {
  const queries = useQueryClient();
  return useCallback(() => Promise.all(CHANGED.map((first) => queries.invalidateQueries({ queryKey: [first] }))), [queries]);
}

/** One request a recording; those that failed are told of, the others are done. */
export function useEach() {
  const messages = useMessages();
  const changed = useChanged();
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
    if (refused) messages.tell(refused);
    await changed();
    return done;
  };
}

export function restored(id: string) {
  return answer(api.POST("/api/trash/{recording_id}/restore", { params: { path: { recording_id: id } } }));
}

export function useTrash() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const each = useEach();
  return async (ids: readonly string[]) => {
    const gone = await each(ids, (id) => answer(api.DELETE("/api/recordings/{recording_id}", { params: { path: { recording_id: id } } })));
    if (gone.length === 0) return;
    const key = `trashed-${gone[0]}`;
    const undo = async () => {
      message.destroy(key);
      const back = await each(gone, restored);
      if (back.length > 0) void message.success(t("trash.restored", { count: back.length }));
    };
    void message.open({
      key,
      type: "success",
      duration: UNDO_SECONDS,
      content: [
        t("trash.moved", { count: gone.length }),
        createElement(Button, { key: "undo", type: "link", size: "small", onClick: () => void undo() }, t("trash.undo")),
      ],
    });
  };
}
