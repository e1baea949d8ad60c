// Recognising a recording once more, otherwise than before.
import { Checkbox, Form, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Recording } from "../api/client";
import { useDoing } from "../api/doing";
import { NO_CHOICES, type Choices } from "../upload/options";
import { OptionsForm } from "../upload/OptionsForm";

export function AgainDialog({ recording, close }: { recording: Recording; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Choices>();
  const [replace, setReplace] = useState(false);
  const [fresh, setFresh] = useState(false);
  const ask = useDoing((choices: Choices) => answer(api.POST("/api/recordings/{recording_id}/jobs", { params: { path: { recording_id: recording.id } }, body: wishOf(choices) })), {
    said: t("library.againBegun"),
    changes: ["recordings"],
    then: close,
  });

  function wishOf({ count, exact, low, high, hotwords, transcriber, diarizer, polish, minutes }: Choices) {
    const [min, max] = count === "exact" ? [exact, exact] : count === "range" ? [low, high] : [null, null];
    return { min_speakers: min, max_speakers: max, hotwords, transcriber: transcriber || null, diarizer: diarizer || null, polish, minutes: minutes || null, replace, fresh };
  }

  return (
    <Modal
      open
      width={600}
      title={t("library.againTitle", { name: recording.name })}
      okText={t("library.againBegin")}
      confirmLoading={ask.isPending}
      onCancel={close}
      onOk={() => void form.validateFields().then(() => ask.mutate({ ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) }), () => {})}
    >
      <p className="quiet">{t("library.againAbout")}</p>
      <OptionsForm form={form} />
      <Checkbox checked={replace} onChange={(event) => setReplace(event.target.checked)}>{t("library.againReplace")}</Checkbox>
      <Checkbox checked={fresh} onChange={(event) => setFresh(event.target.checked)}>{t("library.againFresh")}</Checkbox>
    </Modal>
  );
}
