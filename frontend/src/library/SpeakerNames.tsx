// The speakers of a recording: their names, and the number of all.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";

export function SpeakerNames({ speakers }: { speakers: Schemas["RecordingSpeaker"][] | null }) {
  const { t } = useTranslation();
  if (!speakers || speakers.length === 0) return "–";
  const names = speakers.flatMap(({ name }) => name ?? []);
  const others = speakers.length - names.length;
  if (names.length === 0) return t("library.people", { count: speakers.length });
  return (
    <>
      {names.slice(0, 3).join(t("app.comma"))}
      {(names.length > 3 || others > 0) && <small> {t("library.ofPeople", { count: speakers.length })}</small>}
    </>
  );
}
