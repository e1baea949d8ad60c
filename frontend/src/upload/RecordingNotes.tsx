// Marks and notes while a recording runs, each with its time.
import { CloseOutlined, FlagOutlined } from "@ant-design/icons";
import { Button, Input, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatTime } from "../document/time";
import { pageRecorder, useRecorder } from "./pageRecorder";

/** As many as the server keeps. */
const MOST_NOTES = 500;

export function RecordingNotes() {
  const { t } = useTranslation();
  const { notes } = useRecorder();
  const [text, setText] = useState("");
  const full = notes.length >= MOST_NOTES;
  function add() {
    pageRecorder.note(text);
    setText("");
  }
  return (
    <section className="record-notes" aria-label={t("record.notes")}>
      <Space.Compact block>
        <Input
          value={text}
          maxLength={500}
          aria-label={t("record.noteText")}
          placeholder={t("record.noteText")}
          onChange={(event) => setText(event.target.value)}
          onPressEnter={(event) => !event.nativeEvent.isComposing && text.trim() && !full && add()}
        />
        <Button icon={<FlagOutlined aria-hidden />} disabled={full} onClick={add}>
          {text.trim() ? t("record.addNote") : t("record.mark")}
        </Button>
      </Space.Compact>
      <ol>
        {notes.map((note, index) => (
          <li key={`${note.at} ${index}`}>
            <span className="time">{formatTime(note.at)}</span>
            <span>{note.text || t("record.mark")}</span>
            <Button
              type="text"
              size="small"
              icon={<CloseOutlined />}
              aria-label={t("record.removeNote", { at: formatTime(note.at) })}
              onClick={() => pageRecorder.setNotes(notes.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}
