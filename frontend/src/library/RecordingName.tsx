// The name of a recording: a link, or a field while it is renamed.
import { EditOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recording } from "../api/client";
import { titleOf } from "../app/recordingTitle";
import { useRenameRecording } from "./RecordingActions";

export function RecordingName({
  recording,
  editing,
  setEditing,
}: {
  recording: Recording;
  editing: boolean;
  setEditing: (on: boolean) => void;
}) {
  const { t } = useTranslation();
  const rename = useRenameRecording(recording);
  const title = titleOf(recording.name);
  const left = useRef(false);
  async function end(name: string) {
    if (left.current) return;
    left.current = true;
    if (await rename(name)) setEditing(false);
    left.current = false;
  }
  if (!editing) {
    return (
      <span className="recording-title">
        <Link className="recording-name two-lines" title={recording.name} to={`/recordings/${recording.id}`}>
          {title}
        </Link>
        <Button
          className="rename"
          type="text"
          size="small"
          icon={<EditOutlined />}
          aria-label={t("library.renameOf", { name: title })}
          onClick={() => setEditing(true)}
        />
      </span>
    );
  }
  return (
    <Input
      defaultValue={title}
      maxLength={255}
      autoFocus
      aria-label={t("library.newName")}
      onFocus={() => {
        left.current = false;
      }}
      onPressEnter={(event) => void end(event.currentTarget.value)}
      onBlur={(event) => void end(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        left.current = true;
        setEditing(false);
      }}
    />
  );
}
