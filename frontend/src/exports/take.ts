// Taking transcripts away. The file comes with the token, so it is fetched and handed over.
import { App } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { download } from "../api/client";
import { useMessages } from "../api/messages";
import { keepOptions, type Options } from "./options";

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** One recording becomes a file, several a zip. `before` is waited for; the answer says whether it went well. */
export function useTake(before: () => Promise<void> = () => Promise.resolve()) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  const [busy, setBusy] = useState(false);
  async function take(recordings: readonly Named[], options: Options): Promise<boolean> {
    setBusy(true);
    try {
      await before();
      const one = recordings.length === 1 ? recordings[0] : undefined;
      const blob = await download(one ? addressOf(one.id, options) : zipOf(recordings, options), new AbortController().signal);
      handOver(blob, one ? `${one.name.replace(/\.[^.]{1,5}$/, "")}.${options.format}` : `${t("export.zipName")}.zip`);
      keepOptions(options);
      void message.success(t("export.done"));
      return true;
    } catch (error) {
      messages.tell(error);
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { take, busy };
}

function addressOf(id: string, options: Options): string {
  const query = new URLSearchParams(Object.entries(options).map(([name, value]) => [name, String(value)]));
  return `/api/recordings/${id}/export?${query.toString()}`;
}

function zipOf(recordings: readonly Named[], options: Options): Request {
  const body = JSON.stringify({ ...options, recording_ids: recordings.map(({ id }) => id) });
  return new Request("/api/exports", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

function handOver(blob: Blob, name: string) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
