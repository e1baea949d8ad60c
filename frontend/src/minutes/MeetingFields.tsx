// The fields about the meeting: time, place, attendees, the next meeting, attachments.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { type Meeting, replaced } from "./draft";

interface MeetingFieldsProps {
  meeting: Meeting;
  people: readonly string[];
  onChange: (meeting: Meeting) => void;
}

export function MeetingFields({ meeting, people, onChange }: MeetingFieldsProps) {
  const { t } = useTranslation();
  const set = (changes: Partial<Meeting>) => onChange({ ...meeting, ...changes });
  const moment = (field: "held" | "next_held") => (
    <label>
      {t(`minutes.meeting.${field}`)}
      <Input
        type="datetime-local"
        value={meeting[field]?.slice(0, 16) ?? ""}
        onChange={(event) => set({ [field]: event.target.value || null })}
      />
    </label>
  );
  const place = (field: "place" | "next_place") => (
    <label>
      {t(`minutes.meeting.${field}`)}
      <Input maxLength={200} value={meeting[field]} onChange={(event) => set({ [field]: event.target.value })} />
    </label>
  );
  return (
    <fieldset className="meeting-fields">
      <legend>{t("minutes.meeting.name")}</legend>
      {moment("held")}
      {place("place")}
      <div className="wide">
        <span>{t("minutes.meeting.attendees")}</span>
        <Select
          mode="tags"
          aria-label={t("minutes.meeting.attendees")}
          value={meeting.attendees}
          options={people.map((value) => ({ value }))}
          tokenSeparators={[",", "，", "、"]}
          onChange={(attendees: string[]) => set({ attendees: attendees.map((one) => one.slice(0, 200)) })}
        />
      </div>
      {moment("next_held")}
      {place("next_place")}
      <div className="wide">
        <span>{t("minutes.meeting.attachments")}</span>
        {meeting.attachments.map((one, number) => {
          const change = (changes: Partial<typeof one>) =>
            set({ attachments: replaced(meeting.attachments, number, { ...one, ...changes }) });
          return (
            <div key={number} className="attachment">
              <Input
                aria-label={t("minutes.meeting.attachmentName", { number: number + 1 })}
                placeholder={t("minutes.meeting.attachmentNameHint")}
                maxLength={200}
                value={one.name}
                onChange={(event) => change({ name: event.target.value })}
              />
              <Input
                type="url"
                aria-label={t("minutes.meeting.attachmentUrl", { number: number + 1 })}
                placeholder="https://"
                pattern="https?://.*"
                maxLength={2000}
                value={one.url}
                onChange={(event) => change({ url: event.target.value.trim() })}
              />
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("minutes.meeting.attachmentDelete", { number: number + 1 })}
                onClick={() => set({ attachments: meeting.attachments.toSpliced(number, 1) })}
              />
            </div>
          );
        })}
        <Button
          size="small"
          type="dashed"
          icon={<PlusOutlined />}
          onClick={() => set({ attachments: [...meeting.attachments, { name: "", url: "" }] })}
        >
          {t("minutes.meeting.attachmentAdd")}
        </Button>
      </div>
    </fieldset>
  );
}
