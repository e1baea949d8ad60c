// Downloads transcripts. The request needs the token, so the file is fetched and then saved.

import { App } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { download } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { titleOf } from "../app/recordingTitle";
import { saveFile } from "../app/saveFile";
import type { WrittenForm } from "../app/writtenForm";
import { type Options, saveOptions } from "./options";

export interface RecordingRef {
  readonly id: string;
  readonly name: string;
}

/** Exports one recording as a file, several as a ZIP, after `before`, and remembers the options beside `form`. `run` resolves to whether it succeeded. */
export function useExport(form: WrittenForm, before: () => Promise<void> = () => Promise.resolve()) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const messages = useErrorMessages();
  const [busy, setBusy] = useState(false);
  async function run(recordings: readonly RecordingRef[], options: Options): Promise<boolean> {
    setBusy(true);
    try {
      await before();
      const one = recordings.length === 1 ? recordings[0] : undefined;
      const blob = await download(
        one ? addressOf(one.id, options) : zipOf(recordings, options),
        new AbortController().signal,
      );
      saveFile(one ? `${titleOf(one.name)}.${options.format}` : `${t("export.zipName")}.zip`, blob);
      saveOptions(options, form);
      void message.success(t("export.done"));
      return true;
    } catch (error) {
      messages.show(error);
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { run, busy };
}

function addressOf(id: string, options: Options): string {
  const query = new URLSearchParams(Object.entries(options).map(([name, value]) => [name, String(value)]));
  return `/api/recordings/${id}/export?${query.toString()}`;
}

function zipOf(recordings: readonly RecordingRef[], options: Options): Request {
  const body = JSON.stringify({ ...options, recording_ids: recordings.map(({ id }) => id) });
  return new Request(pathOf("/api/exports"), { method: "POST", headers: { "Content-Type": "application/json" }, body });
}
