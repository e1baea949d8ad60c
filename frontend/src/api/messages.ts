// What the server refused, in the words of the person who reads it. Texts come by code; an unknown code says so.
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError } from "./client";

export function useMessages() {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();

  function byCode(code: string): string {
    return i18n.exists(`errors.${code}`) ? t(`errors.${code}` as "errors.offline") : t("errors.unknown", { code });
  }

  function of(error: unknown): string {
    if (!(error instanceof ApiError)) return t("errors.internal_error");
    // How long to wait is worth saying only to who has been slowed down for guessing.
    if (error.code !== "too_many_attempts" || error.wait === null) return byCode(error.code);
    return error.wait < 90 ? t("login.waitSeconds", { count: error.wait }) : t("login.waitMinutes", { count: Math.ceil(error.wait / 60) });
  }

  function tell(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    void message.error(of(error), 6);
  }

  return { byCode, of, tell };
}
