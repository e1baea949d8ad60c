// Everything that can be done with the open recording, in one menu.
import {
  CustomerServiceOutlined,
  DeleteOutlined,
  DownloadOutlined,
  EditOutlined,
  FileOutlined,
  HistoryOutlined,
  InfoCircleOutlined,
  MoreOutlined,
  ReloadOutlined,
  ShareAltOutlined,
} from "@ant-design/icons";
import { Button, Dropdown, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { pathOf } from "../api/basePath";
import type { Recording } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { useFormats } from "../app/formats";
import { titleOf } from "../app/recordingTitle";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";
import { ExportDialog } from "../exports/ExportDialog";
import { useRenameDialog } from "../library/RecordingActions";
import { TranscribeAgainDialog } from "../library/TranscribeAgainDialog";
import { TranscriptWarnings } from "../library/TranscriptWarnings";
import { useMoveToTrash } from "../library/trash";
import { ShareDialog } from "../shares/ShareDialog";
import { renewMedia } from "./media";

interface MoreMenuProps {
  recording: Recording;
  doc: Doc;
  /** Saves everything that is on the page. */
  flush: () => Promise<void>;
  onVersions: () => void;
}

type Dialog = "share" | "export" | "again" | "facts";

export function MoreMenu({ recording, doc, flush, onVersions }: MoreMenuProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const navigate = useNavigate();
  const trash = useMoveToTrash();
  const rename = useRenameDialog(recording);
  const [open, setOpen] = useState<Dialog | null>(null);
  const close = () => setOpen(null);

  /** Saves a file of the recording. It may be large, so the browser streams it, with the cookie. */
  async function save(address: string) {
    try {
      await renewMedia(address);
      const link = document.createElement("a");
      link.href = address;
      link.download = "";
      link.click();
    } catch (error) {
      messages.show(error);
    }
  }

  async function remove() {
    await flush();
    if (await trash([recording.id])) void navigate("/");
  }

  const original = pathOf(`/api/recordings/${recording.id}/original`);
  const withoutOriginal = recording.original_removed_at !== null;
  return (
    <>
      <Dropdown
        trigger={["click"]}
        getPopupContainer={(button) => button.parentElement ?? document.body}
        menu={{
          items: [
            { key: "rename", icon: <EditOutlined />, label: t("library.rename"), onClick: rename },
            {
              key: "facts",
              icon: <InfoCircleOutlined />,
              label: t("workspace.facts"),
              onClick: () => setOpen("facts"),
            },
            { key: "versions", icon: <HistoryOutlined />, label: t("editor.versions"), onClick: onVersions },
            {
              key: "again",
              icon: <ReloadOutlined />,
              label: t("library.transcribeAgain"),
              disabled: withoutOriginal,
              onClick: () => setOpen("again"),
            },
            { type: "divider" },
            { key: "share", icon: <ShareAltOutlined />, label: t("share.menu"), onClick: () => setOpen("share") },
            { key: "export", icon: <DownloadOutlined />, label: t("export.menu"), onClick: () => setOpen("export") },
            {
              key: "audio",
              icon: <CustomerServiceOutlined />,
              label: t("workspace.saveAudio"),
              disabled: recording.audio_removed_at !== null,
              onClick: () => void save(pathOf(`/api/recordings/${recording.id}/audio`)),
            },
            ...Array.from({ length: recording.parts }, (_, number) => ({
              key: `original ${number}`,
              icon: <FileOutlined />,
              label:
                recording.parts > 1
                  ? t("workspace.saveOriginalPart", { number: number + 1 })
                  : t("workspace.saveOriginal"),
              disabled: withoutOriginal,
              onClick: () => void save(`${original}?part=${number + 1}`),
            })),
            { type: "divider" },
            {
              key: "delete",
              icon: <DeleteOutlined />,
              label: t("library.delete"),
              danger: true,
              onClick: () => void remove(),
            },
          ],
        }}
      >
        <Button type="text" icon={<MoreOutlined />} aria-label={t("workspace.more")} />
      </Dropdown>
      {open === "share" && <ShareDialog recording={recording} close={close} />}
      {open === "export" && <ExportDialog recordings={[recording]} close={close} before={flush} />}
      {open === "again" && <TranscribeAgainDialog recordings={[recording]} close={close} />}
      {open === "facts" && <Facts recording={recording} doc={doc} close={close} />}
    </>
  );
}

function Facts({ recording, doc, close }: { recording: Recording; doc: Doc; close: () => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const facts = [
    [t("library.name"), titleOf(recording.name)],
    [t("library.date"), formats.dateTime(recording.created_at)],
    [t("library.duration"), formatTime(recording.duration ?? doc.duration)],
    [t("workspace.file"), `${recording.name} · ${formats.bytes(recording.size)}`],
    [t("editor.language"), formats.language(doc.language)],
    ...Object.entries(doc.engines).map(([kind, name]) => [t(`workspace.engine.${kind}`, { defaultValue: kind }), name]),
  ] as const;
  return (
    <Modal open title={t("workspace.facts")} footer={null} onCancel={close}>
      <TranscriptWarnings recording={recording.id} />
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
