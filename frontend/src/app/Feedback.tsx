// Loading, error and not-found states.
import { FileUnknownOutlined } from "@ant-design/icons";
import { Alert, Button, Result, Spin } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { usePageTitle } from "./pageTitle";

export function Loading() {
  const { t } = useTranslation();
  return (
    <div className="loading" role="status" aria-label={t("app.loading")}>
      <Spin size="large" />
    </div>
  );
}

export function ErrorPage({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const missing = error instanceof ApiError && error.status === 404;
  usePageTitle(messages.textOf(error));
  return (
    <Result
      status={missing ? "info" : "warning"}
      icon={missing ? <FileUnknownOutlined /> : undefined}
      title={<h1>{messages.textOf(error)}</h1>}
      extra={
        <>
          {retry && !missing && (
            <Button type="primary" onClick={retry}>
              {t("app.again")}
            </Button>
          )}
          <Link to="/">{t("app.toLibrary")}</Link>
        </>
      }
    />
  );
}

/** An inline error with an optional retry button. */
export function ErrorAlert({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  if (!error) return null;
  const action = retry && (
    <Button size="small" onClick={retry}>
      {t("app.again")}
    </Button>
  );
  return <Alert className="spaced" type="error" showIcon role="alert" title={messages.textOf(error)} action={action} />;
}

/** In place of a part of the page that the server no longer has. */
export function ReloadNotice() {
  const { t } = useTranslation();
  const action = (
    <Button size="small" onClick={() => location.reload()}>
      {t("app.reload")}
    </Button>
  );
  return <Alert className="spaced" type="warning" showIcon role="alert" title={t("app.partGone")} action={action} />;
}

export function NotFound() {
  const { t } = useTranslation();
  usePageTitle(t("app.nothingHere"));
  return (
    <Result
      status="info"
      icon={<FileUnknownOutlined />}
      title={<h1>{t("app.nothingHere")}</h1>}
      extra={<Link to="/">{t("app.toLibrary")}</Link>}
    />
  );
}
