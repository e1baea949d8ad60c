// Finding text, and putting other text in its place: here, or wherever it was looked at and chosen.
import { CloseOutlined, DownOutlined, UpOutlined } from "@ant-design/icons";
import { App, Button, Input } from "antd";
import { useDeferredValue, useEffect, useMemo, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { find, replaceSome } from "../document/find";
import type { Doc } from "../document/types";
import { light } from "./heard";
import { ReplacePreview } from "./ReplacePreview";
import { rowsOf } from "./rows";
import type { Edit } from "./useEditor";

interface Bar {
  doc: Doc;
  edit: Edit;
  list: RefObject<HTMLDivElement | null>;
  whole: RefObject<() => void>;
  close: () => void;
}

export function FindBar({ doc, edit, list, whole, close }: Bar) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [wanted, setWanted] = useState("");
  const [other, setOther] = useState("");
  const [at, setAt] = useState(0);
  const [preview, setPreview] = useState(false);
  const searched = useDeferredValue(wanted);
  const hits = useMemo(() => find(doc, searched), [doc, searched]);
  const index = hits.length ? at % hits.length : 0;
  const here = hits[index];

  useEffect(() => whole.current(), [whole]);
  useEffect(() => {
    const rows = rowsOf(list.current);
    const texts = new Map(doc.segments.map((segment) => [segment.id, segment.text]));
    const placed = (some: typeof hits) =>
      some.flatMap((hit): [HTMLElement, string, number, number][] => {
        const row = rows.get(hit.segment);
        return row ? [[row, texts.get(hit.segment)!, hit.from, hit.to]] : [];
      });
    light("found", placed(hits));
    light("found-here", placed(here ? [here] : []));
    if (here) rows.get(here.segment)?.scrollIntoView({ block: "center" });
    return () => {
      light("found", []);
      light("found-here", []);
    };
  }, [doc, hits, here, list]);

  function move(by: number) {
    if (hits.length) setAt((index + by + hits.length) % hits.length);
  }

  return (
    <search className="find" aria-label={t("editor.find")} onKeyDown={(event) => event.key === "Escape" && !preview && close()}>
      <Input
        autoFocus
        size="small"
        value={wanted}
        placeholder={t("editor.findText")}
        aria-label={t("editor.findText")}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onPressEnter={(event) => move(event.shiftKey ? -1 : 1)}
      />
      <span className="hits" role="status">{wanted && (here ? t("editor.hits", { index: index + 1, count: hits.length }) : t("editor.noHits"))}</span>
      <Button size="small" type="text" icon={<UpOutlined />} aria-label={t("editor.previous")} disabled={!here} onClick={() => move(-1)} />
      <Button size="small" type="text" icon={<DownOutlined />} aria-label={t("editor.next")} disabled={!here} onClick={() => move(1)} />
      <Input size="small" value={other} placeholder={t("editor.replaceText")} aria-label={t("editor.replaceText")} onChange={(event) => setOther(event.target.value)} />
      <Button size="small" disabled={!here} onClick={() => here && edit((before) => replaceSome(before, [here], other))}>{t("editor.replace")}</Button>
      <Button size="small" disabled={!here} onClick={() => setPreview(true)}>{t("editor.replaceAll")}</Button>
      <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("app.close")} onClick={close} />
      {preview && (
        <ReplacePreview
          doc={doc}
          hits={hits}
          text={other}
          close={() => setPreview(false)}
          take={(chosen) => {
            edit((before) => replaceSome(before, chosen, other));
            setPreview(false);
            void message.success(t("editor.replaced", { count: chosen.length }));
          }}
        />
      )}
    </search>
  );
}
