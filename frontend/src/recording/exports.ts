// Taking a transcript away as a file. The file comes with the token, so it is fetched and handed over.
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { download } from "../api/client";
import { useMessages } from "../api/messages";

export const FORMATS = ["txt", "md", "srt", "vtt", "json"] as const;

/** The items of a menu, one a format; `before` is waited for. */
export function useExport({ id, name }: { id: string; name: string }, before: () => Promise<void> = () => Promise.resolve()) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  async function take(format: (typeof FORMATS)[number]) {
    try {
      await before();
      const blob = await download(`/api/recordings/${id}/export?format=${format}`, new AbortController().signal);
      const address = URL.createObjectURL(blob);
      const link = Object.assign(document.createElement("a"), { href: address, download: `${name.replace(/\.[^.]{1,5}$/, "")}.${format}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      void message.success(t("export.done"));
    } catch (error) {
      messages.tell(error);
    }
  }
  return FORMATS.map((format) => ({ key: format, label: t(`export.${format}`), onClick: () => void take(format) }));
}
