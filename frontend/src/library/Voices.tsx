// Who speaks in a recording: the names that people gave, and how many have none.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";

export function Voices({ voices }: { voices: Schemas["Voice"][] | null }) {
  const { t } = useTranslation();
  if (!voices || voices.length === 0) return "–";
  const names = voices.flatMap(({ name }) => name ?? []);
  const others = voices.length - names.length;
  if (names.length === 0) return t("library.people", { count: voices.length });
  return (
    <>
      {names.slice(0, 3).join(t("app.comma"))}
      {(names.length > 3 || others > 0) && <small> {t("library.ofPeople", { count: voices.length })}</small>}
    </>
  );
}
