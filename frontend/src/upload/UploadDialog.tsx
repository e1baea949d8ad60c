// Choosing recordings and their options. The upload queue sends them.
import { InboxOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Radio } from "antd";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { api, unwrap } from "../api/client";
import { tenths, useFormats } from "../app/formats";
import { type DroppedFiles, filesOf, ofFolder } from "./droppedFiles";
import { OptionsForm, useLimits } from "./OptionsForm";
import { type Choices, NO_CHOICES, optionsOf } from "./options";
import { PartList } from "./PartList";
import { uploadQueue } from "./pageQueue";
import { rememberChoices, rememberedChoices } from "./rememberedChoices";

const KINDS =
  "audio/*,video/*,.m4a,.mp3,.wav,.flac,.ogg,.opus,.aac,.amr,.silk,.slk,.aud,.wma,.mp4,.mov,.mkv,.webm,.avi";
const MOST_PARTS = 50;

export function UploadDialog({ dropped, close }: { dropped: DroppedFiles; close: () => void }) {
  const { t } = useTranslation();
  const [files, setFiles] = useState(dropped.files);
  const [together, setTogether] = useState(dropped.folder !== null);
  const [name, setName] = useState(dropped.folder ?? "");
  const [form] = Form.useForm<Choices>();
  const user = useQuery(currentUser()).data?.id;
  const limits = useLimits();
  const tooLarge = limits ? files.filter((file) => file.size > limits.max_bytes) : [];
  const empty = files.filter((file) => file.size === 0);
  const usable = files.filter((file) => !tooLarge.includes(file) && !empty.includes(file));
  const one = together && usable.length > 1;
  const tooMany = one && usable.length > MOST_PARTS;

  function more({ files: others, folder }: DroppedFiles) {
    setFiles((before) => [...before, ...others]);
    if (!folder) return;
    setTogether(true);
    setName((before) => before || folder);
  }

  function send(choices: Choices) {
    const options = optionsOf(choices);
    if (user) rememberChoices(user, choices);
    if (one) uploadQueue.add({ name: name.trim() || null, files: usable, options });
    else for (const file of usable) uploadQueue.add({ name: null, files: [file], options });
    close();
  }

  return (
    <Modal
      open
      width={640}
      className="tall-dialog"
      title={t("upload.title")}
      onCancel={close}
      okText={
        one
          ? t("upload.sendMeeting")
          : usable.length > 1
            ? t("upload.sendMany", { count: usable.length })
            : t("upload.send")
      }
      okButtonProps={{ disabled: usable.length === 0 || tooMany }}
      onOk={() =>
        void form.validateFields().then(
          () => send({ ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) }),
          () => {},
        )
      }
    >
      <DropZone more={more} />
      {files.length > 1 && (
        <Radio.Group
          className="grouping"
          aria-label={t("upload.together")}
          value={together}
          onChange={(event) => setTogether(event.target.value as boolean)}
          options={[
            { value: false, label: t("upload.each") },
            { value: true, label: t("upload.asOne") },
          ]}
        />
      )}
      {one && (
        <>
          <Input
            value={name}
            maxLength={255}
            aria-label={t("upload.meetingName")}
            placeholder={t("upload.meetingName")}
            onChange={(event) => setName(event.target.value)}
          />
          <p className="secondary">{t("upload.orderAbout")}</p>
        </>
      )}
      <PartList files={files} invalid={[...tooLarge, ...empty]} ordered={one} change={setFiles} />
      {tooLarge.length > 0 && (
        <p className="problem" role="alert">
          {t("upload.tooLarge", { names: namesOf(tooLarge) })}
        </p>
      )}
      {empty.length > 0 && (
        <p className="problem" role="alert">
          {t("upload.emptyFile", { names: namesOf(empty) })}
        </p>
      )}
      {tooMany && (
        <p className="problem" role="alert">
          {t("upload.tooManyParts", { count: MOST_PARTS })}
        </p>
      )}
      <OptionsForm form={form} initial={rememberedChoices(user)} />
    </Modal>
  );

  function namesOf(some: readonly File[]): string {
    return some.map((file) => file.name).join(t("app.comma"));
  }
}

/** The drop zone and the file pickers. */
function DropZone({ more }: { more: (dropped: DroppedFiles) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const about = useId();
  function chooseFolder() {
    const folder = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true });
    folder.onchange = () => more(ofFolder([...(folder.files ?? [])]));
    folder.click();
  }
  return (
    <div
      className="drop-zone"
      onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        void filesOf(event.dataTransfer).then(more);
      }}
    >
      <InboxOutlined aria-hidden />
      <p>{t("upload.drop")}</p>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={KINDS}
        onChange={(event) => {
          more({ files: [...(event.target.files ?? [])], folder: null });
          event.target.value = "";
        }}
      />
      <div className="buttons">
        <Button onClick={() => input.current?.click()} aria-describedby={about}>
          {t("upload.chooseFiles")}
        </Button>
        <Button onClick={chooseFolder} aria-describedby={about}>
          {t("upload.chooseFolder")}
        </Button>
      </div>
      <div id={about}>
        <Allowed />
      </div>
    </div>
  );
}

/** The server's limits and what is left of the user's quotas. */
function Allowed() {
  const { t } = useTranslation();
  const formats = useFormats();
  const limits = useLimits();
  const quota = useQuery({ queryKey: ["quota"], queryFn: () => unwrap(api.GET("/api/quota")) }).data;
  const lines = [
    limits && t("upload.limits", { size: formats.bytes(limits.max_bytes), count: tenths(limits.max_seconds / 3600) }),
    quota &&
      quota.minutes_a_month !== null &&
      t("upload.minutesLeft", {
        count: Math.max(0, Math.floor(quota.minutes_a_month - quota.used_minutes_this_month)),
      }),
    quota &&
      quota.stored_bytes !== null &&
      t("upload.bytesLeft", { size: formats.bytes(Math.max(0, quota.stored_bytes - quota.used_stored_bytes)) }),
  ].filter(Boolean);
  return <p className="secondary">{lines.join(" ")}</p>;
}
