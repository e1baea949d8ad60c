// What went wrong, in the visitor's words.
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";

export function useWords(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    const code = error instanceof ApiError ? error.code : "internal_error";
    return i18n.exists(`errors.${code}`) ? t(`errors.${code}` as "errors.offline") : t("errors.unknown", { code });
  };
}
