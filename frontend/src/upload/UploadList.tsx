// The list of uploads: progress, errors and actions.
import { CaretRightOutlined, CloseOutlined, PauseOutlined, ReloadOutlined } from "@ant-design/icons";
import { App, Button, Progress } from "antd";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useErrorMessages } from "../api/useErrorMessages";
import { useFormats } from "../app/formats";
import { chooseFiles } from "./chooseFiles";
import { uploadQueue } from "./pageQueue";
import { bytesOf } from "./transport";
import { Unfinished } from "./Unfinished";
import { isActive, type Meeting } from "./uploadQueue";

export function UploadList() {
  const { t } = useTranslation();
  const meetings = useSyncExternalStore(uploadQueue.subscribe, uploadQueue.snapshot);
  const open = meetings.some(isActive);
  useEffect(() => {
    if (!open) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [open]);
  return (
    <>
      {meetings.length > 0 && (
        <section className="uploads" aria-label={t("upload.list")}>
          <header>
            <h2>{t("upload.list")}</h2>
            {meetings.some((one) => one.state === "done") && (
              <Button size="small" type="text" onClick={() => uploadQueue.clear()}>
                {t("upload.clear")}
              </Button>
            )}
          </header>
          <ul>
            {meetings.map((meeting) => (
              <Row key={meeting.id} meeting={meeting} />
            ))}
          </ul>
        </section>
      )}
      <Unfinished meetings={meetings} />
    </>
  );
}

function Row({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const formats = useFormats();
  const { id, state, parts, error, recording } = meeting;
  const name = meeting.name ?? parts[0]!.name;
  const { sent, size } = bytesOf(meeting);
  const inProgress = state === "sending" || state === "paused" || state === "held" || state === "lost";
  return (
    <li className="upload">
      <span className="upload-name">
        {recording ? <Link to={`/recordings/${recording}`}>{name}</Link> : name}
        {parts.length > 1 && <small> · {t("upload.parts", { count: parts.length })}</small>}
      </span>
      <span className="buttons">
        {(state === "sending" || state === "waiting" || state === "held") && (
          <Button
            size="small"
            type="text"
            icon={<PauseOutlined />}
            aria-label={t("upload.pauseOf", { name })}
            onClick={() => uploadQueue.pause(id)}
          />
        )}
        {state === "paused" && (
          <Button
            size="small"
            type="text"
            icon={<CaretRightOutlined />}
            aria-label={t("upload.resumeOf", { name })}
            onClick={() => uploadQueue.resume(id)}
          />
        )}
        {state === "failed" && (
          <Button
            size="small"
            type="text"
            icon={<ReloadOutlined />}
            aria-label={t("upload.retryOf", { name })}
            onClick={() => uploadQueue.resume(id)}
          />
        )}
        {state !== "making" && state !== "done" && (
          <Button
            size="small"
            type="text"
            icon={<CloseOutlined />}
            aria-label={t("upload.discardOf", { name })}
            onClick={() => uploadQueue.discard(id)}
          />
        )}
      </span>
      {inProgress && (
        <Progress
          className="upload-progress"
          size="small"
          percent={size ? Math.floor((100 * sent) / size) : 0}
          aria-label={t("upload.progressOf", { name })}
        />
      )}
      <span className={`upload-state ${state}`} role={error ? "alert" : undefined}>
        {state === "held" && error
          ? t("upload.held", { why: messages.textOf(error) })
          : error
            ? messages.textOf(error)
            : t(`upload.states.${state}`)}
        {inProgress && (
          <>
            {" "}
            · {formats.bytes(sent)} / {formats.bytes(size)}
          </>
        )}
      </span>
      {state === "duplicate" && <Duplicate meeting={meeting} />}
      {state === "lost" && <MissingFiles meeting={meeting} />}
      {parts.length > 1 && inProgress && (
        <ol className="upload-parts">
          {parts.map((part, index) => (
            <li key={index}>
              <span className="upload-name">{part.name}</span>
              <small>{formats.percent(part.size ? part.sent / part.size : 0)}</small>
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

/** The same content already exists: open that recording, or upload anyway. */
function Duplicate({ meeting: { id, error } }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const there = error?.details.recording as { id: string; name: string; created_at: string } | undefined;
  return (
    <div className="upload-more">
      {there && (
        <Link to={`/recordings/${there.id}`} onClick={() => uploadQueue.discard(id)}>
          {t("upload.openThat", { name: there.name, date: formats.dateTime(there.created_at) })}
        </Link>
      )}
      <Button size="small" onClick={() => uploadQueue.resume(id, true)}>
        {t("upload.storeAgain")}
      </Button>
    </div>
  );
}

/** After a reload the page cannot read the files again, so the user chooses them again. */
function MissingFiles({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const missing = meeting.parts.filter((part) => !part.file && !(part.upload && part.sent === part.size));
  return (
    <div className="upload-more">
      <span>{t("upload.chooseAgain", { names: missing.map((part) => part.name).join(t("app.comma")) })}</span>
      <Button size="small" type="primary" onClick={() => void choose()}>
        {t("upload.continue")}
      </Button>
    </div>
  );

  async function choose() {
    const files = await chooseFiles();
    if (files.length > 0 && !uploadQueue.attachFiles(meeting.id, files)) void message.warning(t("upload.otherFile"), 6);
  }
}
