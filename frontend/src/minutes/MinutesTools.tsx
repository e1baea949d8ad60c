// Takes minutes elsewhere: copied as rich text, Markdown or plain text, or as a file.

import { CopyOutlined, DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { download, type Recording } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { titleOf } from "../app/recordingTitle";
import { saveFile } from "../app/saveFile";
import { useWrittenForm } from "../app/writtenForm";

const FORMATS = ["md", "docx", "pdf"] as const;
const COPIES = ["html", "md", "txt"] as const;

export function MinutesTools({ recording, number }: { recording: Recording; number: number }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const { message } = App.useApp();
  const { script } = useWrittenForm(useQuery(currentUser()).data?.id);
  const load = (format: string) =>
    download(
      `/api/recordings/${recording.id}/minutes/export?format=${format}&version=${number}&script=${script}`,
      new AbortController().signal,
    );

  async function save(format: (typeof FORMATS)[number]) {
    saveFile(`${titleOf(recording.name)} ${t("minutes.name")}.${format}`, await load(format));
  }

  async function copy(format: (typeof COPIES)[number]) {
    const [text, rich] = await Promise.all([
      load(format === "html" ? "txt" : format),
      format === "html" && load("html"),
    ]);
    const plain = new Blob([await text.text()], { type: "text/plain" });
    const types = {
      "text/plain": plain,
      ...(rich && { "text/html": new Blob([await rich.text()], { type: "text/html" }) }),
    };
    await navigator.clipboard.write([new ClipboardItem(types)]);
    void message.success(t("minutes.copied"));
  }

  return (
    <div className="minutes-head">
      {/* Over plain HTTP there is no clipboard API. */}
      {"clipboard" in navigator && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: COPIES.map((key) => ({ key, label: t(`minutes.copyAs.${key}`) })),
            onClick: ({ key }) => void copy(key as (typeof COPIES)[number]).catch(messages.show),
          }}
        >
          <Button size="small" icon={<CopyOutlined />}>
            {t("minutes.copy")}
          </Button>
        </Dropdown>
      )}
      {FORMATS.map((format) => (
        <Button
          key={format}
          size="small"
          icon={<DownloadOutlined />}
          aria-label={t("minutes.download", { format: format.toUpperCase() })}
          onClick={() => void save(format).catch(messages.show)}
        >
          {format.toUpperCase()}
        </Button>
      ))}
    </div>
  );
}
