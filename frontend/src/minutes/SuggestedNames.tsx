// Suggested names for unnamed speakers, each with a quote. A name applies only once it is accepted.
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { renameSpeaker } from "../document/edit";
import type { Doc } from "../document/types";
import { useNames } from "../recording/names";
import type { Edit } from "../recording/useEditor";
import { Citation, type SegmentLinks } from "./citations";
import { useLanguageModel } from "./languageModel";

interface SuggestedNamesProps {
  id: string;
  doc: Doc;
  edit: Edit;
  links: SegmentLinks;
  flush: () => Promise<void>;
}

export function SuggestedNames({ id, doc, edit, links, flush }: SuggestedNamesProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
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
      await flush();
      setFound(
        await unwrap(
          api.POST("/api/recordings/{recording_id}/speaker-names", { params: { path: { recording_id: id } } }),
        ),
      );
    } catch (error) {
      messages.show(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="suggested-names">
      <Button size="small" block loading={busy} disabled={nameless.size === 0} onClick={() => void suggest()}>
        {t("names.suggest")}
      </Button>
      {found && open.length === 0 && nameless.size > 0 && (
        <p className="secondary" role="status">
          {t("names.none")}
        </p>
      )}
      {open.length > 0 && (
        <ul className="difference" aria-label={t("names.suggest")}>
          {open.map((one) => (
            <li key={`${one.speaker} ${one.name}`}>
              <div className="difference-head">
                {nameOf(one.speaker)} → <strong>{one.name}</strong> <Citation id={one.segment} links={links} />
              </div>
              <blockquote>{one.quote}</blockquote>
              <Button
                size="small"
                type="primary"
                onClick={() => edit((before) => renameSpeaker(before, one.speaker, one.name))}
              >
                {t("names.use", { name: one.name })}
              </Button>{" "}
              <Button
                size="small"
                onClick={() => setFound((before) => before?.filter((other) => other !== one) ?? null)}
              >
                {t("names.dismiss")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
