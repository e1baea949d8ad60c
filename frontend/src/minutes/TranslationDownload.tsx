// Downloads the transcript with its translation, or the translation alone.

import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { download, type Recording } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { titleOf } from "../app/recordingTitle";
import { saveFile } from "../app/saveFile";
import { useWrittenForm } from "../app/writtenForm";

const FORMATS = ["docx", "srt", "vtt", "txt", "pdf", "md", "csv", "json"] as const;
const LAYOUTS = ["bilingual", "translation"] as const;

interface TranslationDownloadProps {
  recording: Recording;
  language: string;
  flush: () => Promise<void>;
}

export function TranslationDownload({ recording, language, flush }: TranslationDownloadProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const form = useWrittenForm(useQuery(currentUser()).data?.id);
  const [format, setFormat] = useState<(typeof FORMATS)[number]>("docx");
  const [layout, setLayout] = useState<(typeof LAYOUTS)[number]>("bilingual");
  const [busy, setBusy] = useState(false);
  async function save() {
    setBusy(true);
    try {
      await flush();
      const query = new URLSearchParams({ format, layout, script: form.script, written_numbers: String(form.numbers) });
      const address = `/api/recordings/${recording.id}/translations/${language}/export?${query.toString()}`;
      const file = await download(address, new AbortController().signal);
      saveFile(`${titleOf(recording.name)} ${language}.${format}`, file);
    } catch (error) {
      messages.show(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Space wrap>
      <Select
        size="small"
        aria-label={t("translation.layout")}
        value={layout}
        options={LAYOUTS.map((value) => ({ value, label: t(`translation.layouts.${value}`) }))}
        onChange={setLayout}
      />
      <Select
        size="small"
        aria-label={t("export.format")}
        value={format}
        style={{ minWidth: 150 }}
        options={FORMATS.map((value) => ({ value, label: t(`export.${value}`) }))}
        onChange={setFormat}
      />
      <Button size="small" icon={<DownloadOutlined />} loading={busy} onClick={() => void save()}>
        {t("export.download")}
      </Button>
    </Space>
  );
}
