// Names for speakers who have none, each with the words in which it was said. Nobody is renamed before it is taken over.
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";
import { useMessages } from "../api/messages";
import { renameSpeaker } from "../document/edit";
import type { Doc } from "../document/types";
import { useNames } from "../recording/names";
import type { Edit } from "../recording/useEditor";
import { useLanguageModel } from "./model";
import { Cite, type Places } from "./places";

interface Suggesting {
  id: string;
  doc: Doc;
  edit: Edit;
  places: Places;
  stored: () => Promise<void>;
}

export function SuggestedNames({ id, doc, edit, places, stored }: Suggesting) {
  const { t } = useTranslation();
  const messages = useMessages();
  const model = useLanguageModel();
  const nameOf = useNames(doc.speakers);
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Schemas["SuggestionOut"][] | null>(null);
  const nameless = new Set(doc.speakers.filter((one) => !one.name).map((one) => one.id));
  if (!model.data?.configured || (nameless.size === 0 && !found)) return null;
  const open = found?.filter((one) => nameless.has(one.speaker)) ?? [];

  async function suggest() {
    setBusy(true);
    try {
      await stored();
      setFound(await answer(api.POST("/api/recordings/{recording_id}/speaker-names", { params: { path: { recording_id: id } } })));
    } catch (error) {
      messages.tell(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="suggested">
      <Button size="small" block loading={busy} disabled={nameless.size === 0} onClick={() => void suggest()}>{t("names.suggest")}</Button>
      {found && open.length === 0 && nameless.size > 0 && <p className="quiet" role="status">{t("names.none")}</p>}
      {open.length > 0 && (
        <ul className="difference" aria-label={t("names.suggest")}>
          {open.map((one) => (
            <li key={`${one.speaker} ${one.name}`}>
              <div className="difference-head">{nameOf(one.speaker)} → <strong>{one.name}</strong> <Cite id={one.segment} places={places} /></div>
              <blockquote>{one.quote}</blockquote>
              <Button size="small" type="primary" onClick={() => edit((before) => renameSpeaker(before, one.speaker, one.name))}>{t("names.take", { name: one.name })}</Button>{" "}
              <Button size="small" onClick={() => setFound((before) => before?.filter((other) => other !== one) ?? null)}>{t("names.leave")}</Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
