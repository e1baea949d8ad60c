// Error messages for visitors. It does not use Ant Design, to keep the share page small.
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";

export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    const code = error instanceof ApiError ? error.code : "internal_error";
    return i18n.exists(`errors.${code}`) ? t(`errors.${code}` as "errors.offline") : t("errors.unknown", { code });
  };
}
