// The marks and notes made while the recording ran: a press goes to their time.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { formatTime } from "../document/time";

export type Note = Schemas["RecordingNote"];

export function NotesPanel({ notes, go }: { notes: readonly Note[]; go: (time: number) => void }) {
  const { t } = useTranslation();
  if (notes.length === 0) return null;
  return (
    <section className="panel">
      <h2>
        {t("record.notes")} <small>{notes.length}</small>
      </h2>
      <ol className="review-flags" aria-label={t("record.notes")}>
        {notes.map((note, number) => (
          <li key={number}>
            <button type="button" onClick={() => go(note.at)}>
              <span className="time">{formatTime(note.at)}</span>
              <span>{note.text || t("record.mark")}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
