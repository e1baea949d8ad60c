// The editor of minutes: every statement is a line with its evidence, every part keeps its kind.
import { Alert, Button, Input, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { PARTS, type Part } from "../templates/parts";
import type { SegmentLinks } from "./citations";
import { type Draft, draftOf, replaced, withoutEmptyLines } from "./draft";
import { EditedLines } from "./EditedLines";
import { MeetingFields } from "./MeetingFields";
import type { Minutes } from "./MinutesText";
import { saveMinutes } from "./saveMinutes";
import { removeDraft, type StoredDraft, storeDraft } from "./storedDraft";

interface MinutesEditorProps {
  user: string;
  /** What was typed before the page was reloaded. */
  stored: StoredDraft | null;
  minutes: Minutes;
  /** Names of the people who may be given a task. */
  people: readonly string[];
  links: SegmentLinks;
  /** The newest minutes on the server. */
  newest: () => Promise<Minutes>;
  onSaved: (saved: Minutes) => void;
  onCancel: () => void;
}

export function MinutesEditor({ user, stored, minutes, people, links, newest, onSaved, onCancel }: MinutesEditorProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const [draft, setDraft] = useState<Draft>(() => stored?.draft ?? draftOf(minutes.content));
  const latest = useRef(draft);
  const [base, setBase] = useState(stored?.base ?? minutes.number);
  const [other, setOther] = useState<Minutes | null>(null);
  const [saving, setSaving] = useState(false);
  const [restored] = useState(stored !== null);
  /** Whether there is something that a reload would lose. */
  const [unkept, setUnkept] = useState(false);
  const parts = Array.isArray(minutes.template.parts) ? (minutes.template.parts as Part[]) : PARTS;

  useEffect(() => {
    if (!unkept) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unkept]);

  function change(part: Partial<Draft>) {
    // Two fields may change before the next rendering: one that loses the focus, and one that gets it.
    const changed = { ...latest.current, ...part };
    latest.current = changed;
    setDraft(changed);
    setUnkept(!storeDraft(user, minutes.recording_id, { base, draft: changed }));
  }

  function cancel() {
    removeDraft(user, minutes.recording_id);
    onCancel();
  }

  function done(saved: Minutes) {
    removeDraft(user, minutes.recording_id);
    onSaved(saved);
  }

  async function save(basedOn: number) {
    setSaving(true);
    try {
      done(await saveMinutes(minutes.recording_id, basedOn, withoutEmptyLines(draft)));
    } catch (error) {
      if (error instanceof ApiError && error.code === "minutes_changed") {
        const found = await newest();
        setOther(found);
        setBase(found.number);
      } else messages.show(error);
    } finally {
      setSaving(false);
    }
  }

  return (
    <form
      className="minutes-editor"
      aria-label={t("minutes.editing")}
      onSubmit={(event) => {
        event.preventDefault();
        void save(base);
      }}
    >
      {restored && (
        <Alert
          type="info"
          showIcon
          title={t("minutes.restored")}
          action={
            <Button size="small" onClick={cancel}>
              {t("minutes.dropDraft")}
            </Button>
          }
        />
      )}
      {other && (
        <Alert
          type="warning"
          showIcon
          title={t("minutes.conflict")}
          description={t("minutes.conflictAbout", { number: other.number })}
          action={
            <Button size="small" onClick={() => done(other)}>
              {t("minutes.takeTheirs")}
            </Button>
          }
        />
      )}
      <label>
        {t("minutes.title")}
        <Input value={draft.title} maxLength={200} onChange={(event) => change({ title: event.target.value })} />
      </label>
      <MeetingFields meeting={draft.meeting} people={people} onChange={(meeting) => change({ meeting })} />
      {parts.map((part) => (
        <fieldset key={part}>
          <legend>{t(`minutes.parts.${part}`)}</legend>
          {editorOf(part)}
        </fieldset>
      ))}
      <div className="minutes-editor-actions">
        <Button type="primary" htmlType="submit" loading={saving}>
          {t(other ? "minutes.saveMine" : "app.save")}
        </Button>
        <Button onClick={cancel}>{t("model.cancel")}</Button>
      </div>
    </form>
  );

  function editorOf(part: Part) {
    const name = t(`minutes.parts.${part}`);
    const shared = { name, links, people };
    switch (part) {
      case "headline": {
        const items = draft.headline ? [draft.headline] : [];
        return (
          <EditedLines
            {...shared}
            items={items}
            most={1}
            onChange={([headline]) => change({ headline: headline ?? null })}
          />
        );
      }
      case "overview":
      case "decisions":
      case "questions":
        return <EditedLines {...shared} items={draft[part]} onChange={(items) => change({ [part]: items })} />;
      case "actions":
        return <EditedLines {...shared} tasks items={draft.actions} onChange={(actions) => change({ actions })} />;
      case "speakers":
        return (
          <EditedLines
            {...shared}
            fixed
            items={draft.speakers}
            labelOf={(note) => links.nameOf(note.speaker) ?? note.name}
            onChange={(speakers) => change({ speakers })}
          />
        );
      case "topics":
        return draft.topics.map((topic, place) => (
          <div key={place} className="edited-topic">
            <Input
              aria-label={t("minutes.topicTitle", { number: place + 1 })}
              value={topic.title}
              maxLength={200}
              onChange={(event) =>
                change({ topics: replaced(draft.topics, place, { ...topic, title: event.target.value }) })
              }
            />
            <EditedLines
              {...shared}
              name={topic.title || name}
              items={topic.points}
              onChange={(points) => change({ topics: replaced(draft.topics, place, { ...topic, points }) })}
            />
          </div>
        ));
      case "keywords":
        return (
          <Select
            mode="tags"
            aria-label={name}
            open={false}
            suffixIcon={null}
            value={draft.keywords}
            maxCount={50}
            tokenSeparators={[",", "，", "、"]}
            onChange={(keywords: string[]) => change({ keywords: keywords.map((one) => one.slice(0, 40)) })}
          />
        );
    }
  }
}
