// Find and replace: one hit, or the hits chosen in a preview.
import { CloseOutlined, DownOutlined, UpOutlined } from "@ant-design/icons";
import { App, Button, Input } from "antd";
import { type RefObject, useDeferredValue, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { WrittenForm } from "../app/writtenForm";
import { find, replaceHits } from "../document/find";
import type { Doc } from "../document/types";
import { highlight } from "./playbackHighlight";
import { ReplacePreview } from "./ReplacePreview";
import { rowsOf } from "./segmentRows";
import type { Edit } from "./useEditor";
import { useWrittenSpans } from "./useWrittenSpans";

interface FindBarProps {
  recordingId: string;
  doc: Doc;
  form: WrittenForm;
  edit: Edit;
  list: RefObject<HTMLDivElement | null>;
  renderAll: RefObject<() => void>;
  close: () => void;
}

export function FindBar({ recordingId, doc, form, edit, list, renderAll, close }: FindBarProps) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [query, setQuery] = useState("");
  const [replacement, setReplacement] = useState("");
  const [at, setAt] = useState(0);
  const [preview, setPreview] = useState(false);
  const searched = useDeferredValue(query);
  // Numbers are found in both forms, whichever is shown.
  const withNumbers = useMemo(() => ({ ...form, numbers: true }), [form]);
  const spansOf = useWrittenSpans(
    recordingId,
    doc,
    withNumbers,
    useMemo(() => [searched], [searched]),
  );
  const hits = useMemo(() => find(doc, searched, spansOf), [doc, searched, spansOf]);
  const index = hits.length ? at % hits.length : 0;
  const here = hits[index];

  useEffect(() => renderAll.current(), [renderAll]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another form has other nodes in the rows
  useEffect(() => {
    const rows = rowsOf(list.current);
    const texts = new Map(doc.segments.map((segment) => [segment.id, segment.text]));
    const located = (some: typeof hits) =>
      some.flatMap((hit): [HTMLElement, string, number, number][] => {
        const row = rows.get(hit.segment);
        return row ? [[row, texts.get(hit.segment)!, hit.from, hit.to]] : [];
      });
    highlight("found", located(hits));
    highlight("found-here", located(here ? [here] : []));
    if (here) rows.get(here.segment)?.scrollIntoView({ block: "center" });
    return () => {
      highlight("found", []);
      highlight("found-here", []);
    };
  }, [doc, hits, here, list, form]);

  function move(by: number) {
    if (hits.length) setAt((index + by + hits.length) % hits.length);
  }

  return (
    <search
      className="find-bar"
      aria-label={t("editor.find")}
      onKeyDown={(event) => event.key === "Escape" && !preview && close()}
    >
      <Input
        autoFocus
        size="small"
        value={query}
        placeholder={t("editor.findText")}
        aria-label={t("editor.findText")}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onPressEnter={(event) => move(event.shiftKey ? -1 : 1)}
      />
      <span className="hits" role="status">
        {query && (here ? t("editor.hits", { index: index + 1, count: hits.length }) : t("editor.noHits"))}
      </span>
      <Button
        size="small"
        type="text"
        icon={<UpOutlined />}
        aria-label={t("editor.previous")}
        disabled={!here}
        onClick={() => move(-1)}
      />
      <Button
        size="small"
        type="text"
        icon={<DownOutlined />}
        aria-label={t("editor.next")}
        disabled={!here}
        onClick={() => move(1)}
      />
      <Input
        size="small"
        value={replacement}
        placeholder={t("editor.replaceText")}
        aria-label={t("editor.replaceText")}
        onChange={(event) => setReplacement(event.target.value)}
      />
      <Button
        size="small"
        disabled={!here}
        onClick={() => here && edit((before) => replaceHits(before, [here], replacement))}
      >
        {t("editor.replace")}
      </Button>
      <Button size="small" disabled={!here} onClick={() => setPreview(true)}>
        {t("editor.replaceAll")}
      </Button>
      <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("app.close")} onClick={close} />
      {preview && (
        <ReplacePreview
          doc={doc}
          hits={hits}
          text={replacement}
          close={() => setPreview(false)}
          replace={(chosen) => {
            edit((before) => replaceHits(before, chosen, replacement));
            setPreview(false);
            void message.success(t("editor.replaced", { count: chosen.length }));
          }}
        />
      )}
    </search>
  );
}
