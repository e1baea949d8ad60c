// The name of a recording: a way to its page, or a field to write another one into.
import { EditOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recording } from "../api/client";
import { useNaming } from "./Actions";

export function Name({ recording, writing, write }: { recording: Recording; writing: boolean; write: (on: boolean) => void }) {
  const { t } = useTranslation();
  const give = useNaming(recording);
  const left = useRef(false);
  async function end(name: string) {
    if (left.current) return;
    left.current = true;
    if (await give(name)) write(false);
    left.current = false;
  }
  if (!writing) {
    return (
      <span className="recording-title">
        <Link className="recording-name" to={`/recordings/${recording.id}`}>{recording.name}</Link>
        <Button className="rename" type="text" size="small" icon={<EditOutlined />} aria-label={t("library.renameOf", { name: recording.name })} onClick={() => write(true)} />
      </span>
    );
  }
  return (
    <Input
      defaultValue={recording.name}
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
        write(false);
      }}
    />
  );
}
