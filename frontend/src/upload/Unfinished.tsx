// Unfinished work: microphone recordings stored in this browser, and partial uploads on the server.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { api, type Schemas, unwrap } from "../api/client";
import { useFormats } from "../app/formats";
import { saveFile } from "../app/saveFile";
import { formatTime } from "../document/time";
import { chooseFiles } from "./chooseFiles";
import {
  deleteLocalRecording,
  fileOf,
  idleLocalRecordings,
  type LocalRecording,
  recordingName,
} from "./localRecordings";
import { NO_CHOICES, optionsOf } from "./options";
import { uploadLocalRecording, uploadQueue, usedUploads } from "./pageQueue";
import { transport } from "./transport";
import type { Meeting } from "./uploadQueue";

const DEFAULT_OPTIONS = optionsOf(NO_CHOICES);

export function Unfinished({ meetings }: { meetings: readonly Meeting[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const user = useQuery(currentUser()).data?.id;
  const recordings = useQuery({
    queryKey: ["local-recordings", user],
    queryFn: () => idleLocalRecordings(user!),
    enabled: user !== undefined,
    staleTime: 0,
  });
  const uploads = useQuery({ queryKey: ["uploads"], queryFn: () => unwrap(api.GET("/api/uploads")), staleTime: 0 });
  useEffect(() => {
    const refresh = () => void queries.invalidateQueries({ queryKey: ["local-recordings"] });
    addEventListener("local-recordings-changed", refresh);
    return () => removeEventListener("local-recordings-changed", refresh);
  }, [queries]);
  const ours = new Set(meetings.flatMap((meeting) => meeting.parts.map((part) => part.upload)));
  const sending = new Set(meetings.filter((meeting) => meeting.state !== "lost").map((meeting) => meeting.take));
  const leftovers = (uploads.data?.items ?? []).filter((upload) => !ours.has(upload.id) && !usedUploads.has(upload.id));
  const unsent = (recordings.data ?? []).filter((recording) => !sending.has(recording.id));
  if (leftovers.length + unsent.length === 0) return null;
  return (
    <section className="uploads" aria-label={t("upload.unfinished")}>
      <h2>{t("upload.unfinished")}</h2>
      <ul>
        {unsent.map((recording) => (
          <LocalRecordingRow key={recording.id} recording={recording} />
        ))}
        {leftovers.map((upload) => (
          <UploadRow key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

function LocalRecordingRow({ recording }: { recording: LocalRecording }) {
  const { t } = useTranslation();
  const name = recordingName(recording);
  async function save() {
    const file = await fileOf(recording);
    saveFile(file.name, file);
  }
  return (
    <li className="upload">
      <span className="upload-name">
        {name} <small>{formatTime(recording.seconds)}</small>
      </span>
      <span className="upload-state">{t("record.notUploaded")}</span>
      <div className="upload-more">
        <Button size="small" type="primary" onClick={() => void uploadLocalRecording(recording, DEFAULT_OPTIONS)}>
          {t("record.send")}
        </Button>
        <Button size="small" onClick={() => void save()}>
          {t("record.save")}
        </Button>
        <Popconfirm
          title={t("record.dropSure")}
          okText={t("library.delete")}
          onConfirm={() => deleteLocalRecording(recording.id)}
        >
          <Button size="small" danger>
            {t("library.delete")}
          </Button>
        </Popconfirm>
      </div>
    </li>
  );
}

function UploadRow({ upload }: { upload: Schemas["UploadOut"] }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const formats = useFormats();
  const queries = useQueryClient();
  const whole = upload.received === upload.size;
  async function goOn() {
    const [file] = whole ? [null] : await chooseFiles();
    if (file !== undefined && !uploadQueue.adopt(upload, DEFAULT_OPTIONS, file))
      void message.warning(t("upload.otherFile"), 6);
  }
  return (
    <li className="upload">
      <span className="upload-name">{upload.name}</span>
      <span className="upload-state">
        {formats.bytes(upload.received)} / {formats.bytes(upload.size)} ·{" "}
        {t("upload.until", { date: formats.dateTime(upload.expires_at) })}
      </span>
      <div className="upload-more">
        <Button size="small" type="primary" onClick={() => void goOn()}>
          {whole ? t("upload.createRecording") : t("upload.continue")}
        </Button>
        <Button
          size="small"
          onClick={() =>
            void transport.deleteUpload(upload.id).then(() => queries.invalidateQueries({ queryKey: ["uploads"] }))
          }
        >
          {t("upload.discard")}
        </Button>
      </div>
    </li>
  );
}
