// What stands where a page cannot: it is on its way, it failed, or there is none.
import { Alert, Button, Result, Spin } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useMessages } from "../api/messages";

export function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="waiting" role="status" aria-label={t("app.loading")}>
      <Spin size="large" />
    </div>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation();
  const messages = useMessages();
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <Result
      status={missing ? "404" : "warning"}
      title={messages.of(error)}
      extra={
        <>
          {again && !missing && <Button type="primary" onClick={again}>{t("app.again")}</Button>}
          <Link to="/">{t("app.toLibrary")}</Link>
        </>
      }
    />
  );
}

/** What went wrong, beside what it went wrong with. */
export function Problem({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation();
  const messages = useMessages();
  if (!error) return null;
  const action = again && <Button size="small" onClick={again}>{t("app.again")}</Button>;
  return <Alert className="spaced" type="error" showIcon role="alert" title={messages.of(error)} action={action} />;
}

export function NotFound() {
  const { t } = useTranslation();
  return <Result status="404" title={t("app.nothingHere")} extra={<Link to="/">{t("app.toLibrary")}</Link>} />;
}
