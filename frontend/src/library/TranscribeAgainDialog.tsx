// The dialog that transcribes recordings again with other options.

import { App, Checkbox, Form, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Recording, unwrap } from "../api/client";
import { titleOf } from "../app/recordingTitle";
import { OptionsForm } from "../upload/OptionsForm";
import { type Choices, NO_CHOICES } from "../upload/options";
import { TranscriptWarnings } from "./TranscriptWarnings";
import { useForEach } from "./trash";

interface TranscribeAgainDialogProps {
  recordings: readonly Pick<Recording, "id" | "name">[];
  close: () => void;
}

export function TranscribeAgainDialog({ recordings, close }: TranscribeAgainDialogProps) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Choices>();
  const [replace, setReplace] = useState(false);
  const [fresh, setFresh] = useState(false);
  const [sending, setSending] = useState(false);
  const each = useForEach();
  const { message } = App.useApp();

  async function transcribe(choices: Choices) {
    setSending(true);
    const ids = recordings.map(({ id }) => id);
    const queued = await each(ids, (id) =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/jobs", {
          params: { path: { recording_id: id } },
          body: requestOf(choices),
        }),
      ),
    );
    setSending(false);
    if (queued.length === 0) return;
    void message.success(t("library.transcribeAgainQueued"));
    close();
  }

  const [first, ...others] = recordings;
  const title =
    first && others.length === 0
      ? t("library.transcribeAgainTitle", { name: titleOf(first.name) })
      : t("library.transcribeAgainTitleMany", { count: recordings.length });

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
      title={title}
      okText={t("library.transcribeAgainStart")}
      confirmLoading={sending}
      onCancel={close}
      onOk={() =>
        void form.validateFields().then(
          () => void transcribe({ ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) }),
          () => {},
        )
      }
    >
      {first && others.length === 0 && <TranscriptWarnings recording={first.id} />}
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
