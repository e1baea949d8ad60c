// Asks which name to keep where somebody has renamed a recording in the meantime.
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";

/** The name of the recording now, if this error says that it was renamed in the meantime. */
export function nameNow(error: unknown): string | null {
  return error instanceof ApiError && error.code === "name_changed" ? String(error.details.name) : null;
}

/** Shows both names; resolves to whether `mine` is kept. */
export function useNameQuestion(): (mine: string, theirs: string) => Promise<boolean> {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  return async (mine, theirs) =>
    await modal.confirm({
      title: t("library.renamedElsewhere"),
      content: (
        <>
          <p>
            <b>{t("conflict.mine")}</b> {mine}
          </p>
          <p>
            <b>{t("conflict.theirs")}</b> {theirs}
          </p>
        </>
      ),
      okText: t("conflict.useMine"),
      cancelText: t("conflict.useTheirs"),
    });
}
