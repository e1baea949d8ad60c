// The uploads of this visit: what is being sent, what waits, and what went wrong.
import { CloseOutlined, ReloadOutlined } from "@ant-design/icons";
import { Button, Progress } from "antd";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useMessages } from "../api/messages";
import { line } from "./line";

export function UploadLine() {
  const { t } = useTranslation();
  const messages = useMessages();
  const uploads = useSyncExternalStore(line.subscribe, line.snapshot);
  const busy = uploads.some((one) => one.state === "sending" || one.state === "waiting");
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [busy]);
  if (uploads.length === 0) return null;
  return (
    <section className="uploads" aria-label={t("upload.line")}>
      <header>
        <h2>{t("upload.line")}</h2>
        {uploads.some((one) => one.state !== "sending" && one.state !== "waiting") && (
          <Button size="small" type="text" onClick={() => line.clear()}>{t("upload.clear")}</Button>
        )}
      </header>
      <ul>
        {uploads.map((upload) => (
          <li key={upload.id}>
            <span className="upload-name">{upload.file.name}</span>
            {upload.state === "sending" ? (
              <Progress className="upload-progress" size="small" percent={share(upload.sent, upload.file.size)} aria-label={t("upload.progressOf", { name: upload.file.name })} />
            ) : (
              <span className={`upload-state ${upload.state}`}>{upload.error ? messages.of(upload.error) : t(`upload.states.${upload.state}`)}</span>
            )}
            {(upload.state === "sending" || upload.state === "waiting") && (
              <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("upload.cancelOf", { name: upload.file.name })} onClick={() => line.cancel(upload.id)} />
            )}
            {(upload.state === "failed" || upload.state === "cancelled") && (
              <Button size="small" type="text" icon={<ReloadOutlined />} aria-label={t("upload.retryOf", { name: upload.file.name })} onClick={() => line.retry(upload.id)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function share(sent: number, size: number): number {
  return size === 0 ? 0 : Math.floor((100 * sent) / size);
}
