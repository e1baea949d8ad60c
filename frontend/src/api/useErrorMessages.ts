// Error messages by error code, in the user's language.
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { useFormats } from "../app/formats";
import { ApiError, type Job } from "./client";
import { invalidFields } from "./invalidFields";
import { warningFacts } from "./warningFacts";

export function useErrorMessages() {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();
  const formats = useFormats();

  /** `facts` are the values that the text of this code has places for. */
  function byCode(code: string, facts: Readonly<Record<string, unknown>> = {}): string {
    return i18n.exists(`errors.${code}`)
      ? t(`errors.${code}` as "errors.offline", facts)
      : t("errors.unknown", { code });
  }

  /** The message, and the reason that the endpoint of a language model gave, where there is one. */
  function withReason(code: string, reason?: unknown): string {
    if (typeof reason !== "string" || !reason) return byCode(code);
    return `${byCode(code)} ${t("endpoints.reason", { reason, interpolation: { escapeValue: false } })}`;
  }

  /** What the warnings of a job say, each once. */
  function ofWarnings(warnings: Job["warnings"]): string {
    const texts = warnings.map((one) => byCode(one.code, warningFacts(one, formats.language, t("app.comma"))));
    return [...new Set(texts)].join(" ");
  }

  /** The message of a job's error; the second line of its detail is the reason of a language model's endpoint. */
  function ofJob(error: { code: string; detail?: string | null }): string {
    return withReason(error.code, error.detail?.split("\n")[1]);
  }

  /** Which field is invalid and why, where the server says so. */
  function ofFields(details: Readonly<Record<string, unknown>>): string {
    const found = invalidFields(details, (name) => i18n.exists(`fields.${name}`));
    if (found.length === 0) return byCode("invalid_input");
    return found
      .map(({ name, kind, limit }) => {
        const field = i18n.exists(`fields.${name}`) ? t(`fields.${name}` as "fields.name") : name;
        return t(`invalid.${kind}`, { field, count: limit });
      })
      .join(" ");
  }

  function textOf(error: unknown): string {
    if (!(error instanceof ApiError)) return t("errors.internal_error");
    if (error.code === "invalid_input") return ofFields(error.details);
    if (error.details.endpoint_reason) return withReason(error.code, error.details.endpoint_reason);
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

  return { byCode, withReason, ofJob, ofWarnings, textOf, show };
}
