// Loading, error and not-found states.
import { Alert, Button, Result, Spin } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";

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
  return (
    <Result
      status={missing ? "404" : "warning"}
      title={messages.textOf(error)}
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

export function NotFound() {
  const { t } = useTranslation();
  return <Result status="404" title={t("app.nothingHere")} extra={<Link to="/">{t("app.toLibrary")}</Link>} />;
}
