// Error messages by error code, in the user's language.
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError } from "./client";

export function useErrorMessages() {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();

  /** `facts` are the values that the text of this code has places for. */
  function byCode(code: string, facts: Readonly<Record<string, unknown>> = {}): string {
    return i18n.exists(`errors.${code}`)
      ? t(`errors.${code}` as "errors.offline", facts)
      : t("errors.unknown", { code });
  }

  function textOf(error: unknown): string {
    if (!(error instanceof ApiError)) return t("errors.internal_error");
    // Only the lockout after wrong passwords says how long to wait.
    if (error.code !== "too_many_attempts" || error.retryAfter === null) return byCode(error.code, error.details);
    return error.retryAfter < 90
      ? t("login.waitSeconds", { count: error.retryAfter })
      : t("login.waitMinutes", { count: Math.ceil(error.retryAfter / 60) });
  }

  function show(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    void message.error(textOf(error), 6);
  }

  return { byCode, textOf, show };
}
