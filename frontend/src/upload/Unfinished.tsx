// What was begun and is not on its way: microphone recordings in this browser, and uploads that another visit left on the server.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { whoAmI } from "../account/me";
import { answer, api, type Schemas } from "../api/client";
import { useFormats } from "../app/formats";
import { clock } from "../document/time";
import { chooseFiles } from "./choose";
import { line } from "./line";
import type { Meeting } from "./meetings";
import { NO_CHOICES, optionsOf } from "./options";
import { dropTake, fileOf, nameOf, restingTakes, type Take } from "./takes";
import { way } from "./way";

const PLAIN = optionsOf(NO_CHOICES);

export function Unfinished({ meetings }: { meetings: readonly Meeting[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const user = useQuery(whoAmI()).data?.id;
  const takes = useQuery({ queryKey: ["takes", user], queryFn: () => restingTakes(user!), enabled: user !== undefined, staleTime: 0 });
  const uploads = useQuery({ queryKey: ["uploads"], queryFn: () => answer(api.GET("/api/uploads")), staleTime: 0 });
  useEffect(() => {
    const look = () => void queries.invalidateQueries({ queryKey: ["takes"] });
    addEventListener("takes", look);
    return () => removeEventListener("takes", look);
  }, [queries]);
  const ours = new Set(meetings.flatMap((meeting) => meeting.parts.map((part) => part.upload)));
  const sending = new Set(meetings.filter((meeting) => meeting.state !== "lost").map((meeting) => meeting.take));
  const left = (uploads.data?.items ?? []).filter((upload) => !ours.has(upload.id));
  const kept = (takes.data ?? []).filter((take) => !sending.has(take.id));
  if (left.length + kept.length === 0) return null;
  return (
    <section className="uploads" aria-label={t("upload.unfinished")}>
      <h2>{t("upload.unfinished")}</h2>
      <ul>
        {kept.map((take) => <KeptTake key={take.id} take={take} />)}
        {left.map((upload) => <Left key={upload.id} upload={upload} />)}
      </ul>
    </section>
  );
}

function KeptTake({ take }: { take: Take }) {
  const { t } = useTranslation();
  const name = nameOf(take);
  async function save() {
    const file = await fileOf(take);
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  return (
    <li className="upload">
      <span className="upload-name">{name} <small>{clock(take.seconds)}</small></span>
      <span className="upload-state">{t("record.kept")}</span>
      <div className="upload-more">
        <Button size="small" type="primary" onClick={() => void fileOf(take).then((file) => line.add({ name: null, files: [file], options: PLAIN, take: take.id }))}>{t("record.send")}</Button>
        <Button size="small" onClick={() => void save()}>{t("record.save")}</Button>
        <Popconfirm title={t("record.dropSure")} okText={t("library.delete")} onConfirm={() => dropTake(take.id)}>
          <Button size="small" danger>{t("library.delete")}</Button>
        </Popconfirm>
      </div>
    </li>
  );
}

function Left({ upload }: { upload: Schemas["UploadOut"] }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const formats = useFormats();
  const queries = useQueryClient();
  const whole = upload.received === upload.size;
  async function goOn() {
    const [file] = whole ? [null] : await chooseFiles();
    if (file !== undefined && !line.adopt(upload, PLAIN, file)) void message.warning(t("upload.otherFile"), 6);
  }
  return (
    <li className="upload">
      <span className="upload-name">{upload.name}</span>
      <span className="upload-state">
        {formats.bytes(upload.received)} / {formats.bytes(upload.size)} · {t("upload.until", { date: formats.moment(upload.expires_at) })}
      </span>
      <div className="upload-more">
        <Button size="small" type="primary" onClick={() => void goOn()}>{whole ? t("upload.makeIt") : t("upload.goOn")}</Button>
        <Button size="small" onClick={() => void way.drop(upload.id).then(() => queries.invalidateQueries({ queryKey: ["uploads"] }))}>{t("upload.discard")}</Button>
      </div>
    </li>
  );
}
