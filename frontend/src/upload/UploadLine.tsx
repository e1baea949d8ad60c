// The uploads at hand: how far each is, what holds it up, and what can be done about it.
import { CaretRightOutlined, CloseOutlined, PauseOutlined, ReloadOutlined } from "@ant-design/icons";
import { App, Button, Progress } from "antd";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMessages } from "../api/messages";
import { useFormats } from "../app/formats";
import { chooseFiles } from "./choose";
import { line } from "./line";
import { busy, type Meeting } from "./meetings";
import { Unfinished } from "./Unfinished";
import { bytesOf } from "./way";

export function UploadLine() {
  const { t } = useTranslation();
  const meetings = useSyncExternalStore(line.subscribe, line.snapshot);
  const open = meetings.some(busy);
  useEffect(() => {
    if (!open) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [open]);
  return (
    <>
      {meetings.length > 0 && (
        <section className="uploads" aria-label={t("upload.line")}>
          <header>
            <h2>{t("upload.line")}</h2>
            {meetings.some((one) => one.state === "done") && <Button size="small" type="text" onClick={() => line.clear()}>{t("upload.clear")}</Button>}
          </header>
          <ul>{meetings.map((meeting) => <Row key={meeting.id} meeting={meeting} />)}</ul>
        </section>
      )}
      <Unfinished meetings={meetings} />
    </>
  );
}

function Row({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const messages = useMessages();
  const formats = useFormats();
  const { id, state, parts, error, recording } = meeting;
  const name = meeting.name ?? parts[0]!.name;
  const { sent, size } = bytesOf(meeting);
  const under = state === "sending" || state === "paused" || state === "held" || state === "lost";
  return (
    <li className="upload">
      <span className="upload-name">{recording ? <Link to={`/recordings/${recording}`}>{name}</Link> : name}{parts.length > 1 && <small> · {t("upload.parts", { count: parts.length })}</small>}</span>
      <span className="buttons">
        {(state === "sending" || state === "waiting" || state === "held") && <Button size="small" type="text" icon={<PauseOutlined />} aria-label={t("upload.pauseOf", { name })} onClick={() => line.pause(id)} />}
        {state === "paused" && <Button size="small" type="text" icon={<CaretRightOutlined />} aria-label={t("upload.resumeOf", { name })} onClick={() => line.resume(id)} />}
        {state === "failed" && <Button size="small" type="text" icon={<ReloadOutlined />} aria-label={t("upload.retryOf", { name })} onClick={() => line.resume(id)} />}
        {state !== "making" && state !== "done" && <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("upload.discardOf", { name })} onClick={() => line.discard(id)} />}
      </span>
      {under && <Progress className="upload-progress" size="small" percent={size ? Math.floor((100 * sent) / size) : 0} aria-label={t("upload.progressOf", { name })} />}
      <span className={`upload-state ${state}`} role={error ? "alert" : undefined}>
        {state === "held" && error ? t("upload.held", { why: messages.of(error) }) : error ? messages.of(error) : t(`upload.states.${state}`)}
        {under && <> · {formats.bytes(sent)} / {formats.bytes(size)}</>}
      </span>
      {state === "duplicate" && <Duplicate meeting={meeting} />}
      {state === "lost" && <Lost meeting={meeting} />}
      {parts.length > 1 && under && (
        <ol className="upload-parts">
          {parts.map((part, index) => <li key={index}><span className="upload-name">{part.name}</span><small>{formats.share(part.size ? part.sent / part.size : 0)}</small></li>)}
        </ol>
      )}
    </li>
  );
}

/** The same content is there already: that one, or this one too. */
function Duplicate({ meeting: { id, error } }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const there = error?.facts.recording as { id: string; name: string; created_at: string } | undefined;
  return (
    <div className="upload-more">
      {there && <Link to={`/recordings/${there.id}`} onClick={() => line.discard(id)}>{t("upload.openThat", { name: there.name, date: formats.moment(there.created_at) })}</Link>}
      <Button size="small" onClick={() => line.resume(id, true)}>{t("upload.storeAgain")}</Button>
    </div>
  );
}

/** After a reload a page may not read the files again by itself. */
function Lost({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const missing = meeting.parts.filter((part) => !part.file && !(part.upload && part.sent === part.size));
  return (
    <div className="upload-more">
      <span>{t("upload.chooseAgain", { names: missing.map((part) => part.name).join(t("app.comma")) })}</span>
      <Button size="small" type="primary" onClick={() => void choose()}>{t("upload.goOn")}</Button>
    </div>
  );

  async function choose() {
    const files = await chooseFiles();
    if (files.length > 0 && !line.found(meeting.id, files)) void message.warning(t("upload.otherFile"), 6);
  }
}
