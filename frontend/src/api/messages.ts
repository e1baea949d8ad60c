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
    return error instanceof ApiError ? byCode(error.code) : t("errors.internal_error");
  }

  function tell(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    void message.error(of(error), 6);
  }

  return { byCode, of, tell };
}
