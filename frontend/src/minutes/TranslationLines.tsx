// The lines of a translation. Clicking one edits it; a line that a person wrote is not translated again.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import { ShowMore } from "../app/ShowMore";
import { Citation, type SegmentLinks } from "./citations";

type Line = Schemas["LineOut"];

const REASONS = ["numbers", "missing", "markup", "length", "untranslated"] as const;
/** Lines shown at first. */
const PAGE = 100;

interface TranslationLinesProps {
  id: string;
  language: string;
  links: SegmentLinks;
}

export function TranslationLines({ id, language, links }: TranslationLinesProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(PAGE);
  const [onlyOpen, setOnlyOpen] = useState(false);
  const path = { recording_id: id, language };
  const query = useQuery({
    queryKey: ["recording", id, "translation", language],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/translations/{language}", { params: { path } })),
    staleTime: 0,
  });
  if (query.isPending) return <Loading />;
  if (query.isError) return <ErrorPage error={query.error} retry={() => void query.refetch()} />;
  const needsCheck = (line: Line) => line.standing !== "current" || line.reason !== "";
  const toCheck = query.data.lines.filter(needsCheck);
  const lines = onlyOpen && toCheck.length > 0 ? toCheck : query.data.lines;
  return (
    <>
      {toCheck.length > 0 && (
        <Button size="small" aria-pressed={onlyOpen} onClick={() => setOnlyOpen(!onlyOpen)}>
          {t("translation.onlyOpen", { count: toCheck.length })}
        </Button>
      )}
      <ol className="difference" aria-label={t("translation.lines")}>
        {lines.slice(0, shown).map((line) => (
          <TranslationLine key={line.segment} line={line} path={path} links={links} />
        ))}
      </ol>
      <ShowMore left={lines.length - shown} onClick={() => setShown(shown + PAGE)} />
    </>
  );
}

interface TranslationLineProps {
  line: Line;
  path: { recording_id: string; language: string };
  links: SegmentLinks;
}

function TranslationLine({ line, path, links }: TranslationLineProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const source = links.find(line.segment)?.text ?? "";
  const reason = REASONS.find((one) => one === line.reason);
  const note =
    line.standing === "stale"
      ? t("translation.standing.stale")
      : reason
        ? t(`translation.reasons.${reason}`)
        : line.standing === "missing"
          ? t("translation.standing.missing")
          : line.by_person
            ? t("translation.byPerson")
            : null;
  async function save() {
    if (!draft?.trim()) return setDraft(null);
    setBusy(true);
    try {
      await unwrap(
        api.PUT("/api/recordings/{recording_id}/translations/{language}/lines/{segment}", {
          params: { path: { ...path, segment: line.segment } },
          body: { text: draft },
        }),
      );
      await queries.invalidateQueries({ queryKey: ["recording", path.recording_id, "translation"] });
      setDraft(null);
    } catch (error) {
      messages.show(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <li data-standing={line.standing}>
      <div className="difference-head">
        <Citation id={line.segment} links={links} /> {note && <em>{note}</em>}
        {draft === null && (
          <Button size="small" type="text" onClick={() => setDraft(line.text)}>
            {t("translation.edit")}
          </Button>
        )}
      </div>
      <p className="secondary">{source}</p>
      {draft === null ? (
        <p lang={path.language} dir="auto">
          {line.text}
        </p>
      ) : (
        <>
          <Input.TextArea
            autoFocus
            autoSize
            lang={path.language}
            aria-label={t("translation.textOf", { text: source.slice(0, 30) })}
            maxLength={20_000}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
          <Button size="small" type="primary" loading={busy} onClick={() => void save()}>
            {t("translation.save")}
          </Button>{" "}
          <Button size="small" disabled={busy} onClick={() => setDraft(null)}>
            {t("translation.cancel")}
          </Button>
        </>
      )}
    </li>
  );
}
