// The dialog that transcribes a recording again with other options.

import { Checkbox, Form, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Recording, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { titleOf } from "../app/recordingTitle";
import { OptionsForm } from "../upload/OptionsForm";
import { type Choices, NO_CHOICES } from "../upload/options";
import { TranscriptWarnings } from "./TranscriptWarnings";

export function TranscribeAgainDialog({ recording, close }: { recording: Recording; close: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Choices>();
  const [replace, setReplace] = useState(false);
  const [fresh, setFresh] = useState(false);
  const transcribe = useAction(
    (choices: Choices) =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/jobs", {
          params: { path: { recording_id: recording.id } },
          body: requestOf(choices),
        }),
      ),
    {
      successMessage: t("library.transcribeAgainQueued"),
      invalidates: ["recordings"],
      onDone: close,
    },
  );

  function requestOf({ count, exact, low, high, hotwords, language, transcriber, diarizer, polish, minutes }: Choices) {
    const [min, max] = count === "exact" ? [exact, exact] : count === "range" ? [low, high] : [null, null];
    return {
      min_speakers: min,
      max_speakers: max,
      hotwords,
      language,
      transcriber: transcriber || null,
      diarizer: diarizer || null,
      polish,
      minutes: minutes || null,
      replace,
      fresh,
    };
  }

  return (
    <Modal
      open
      width={600}
      title={t("library.transcribeAgainTitle", { name: titleOf(recording.name) })}
      okText={t("library.transcribeAgainStart")}
      confirmLoading={transcribe.isPending}
      onCancel={close}
      onOk={() =>
        void form.validateFields().then(
          () => transcribe.mutate({ ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) }),
          () => {},
        )
      }
    >
      <TranscriptWarnings recording={recording.id} />
      <p className="secondary">{t("library.transcribeAgainAbout")}</p>
      <OptionsForm form={form} />
      <Checkbox checked={replace} onChange={(event) => setReplace(event.target.checked)}>
        {t("library.transcribeAgainReplace")}
      </Checkbox>
      <Checkbox checked={fresh} onChange={(event) => setFresh(event.target.checked)}>
        {t("library.transcribeAgainFresh")}
      </Checkbox>
    </Modal>
  );
}
