// Finding text, and putting other text in its place.
import { CloseOutlined, DownOutlined, UpOutlined } from "@ant-design/icons";
import { App, Button, Input } from "antd";
import { useDeferredValue, useEffect, useMemo, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { find, replaceAll, replaceOne } from "../document/find";
import type { Doc } from "../document/types";
import { light } from "./heard";
import type { Edit } from "./useEditor";

export function FindBar({ doc, edit, list, close }: { doc: Doc; edit: Edit; list: RefObject<HTMLOListElement | null>; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [wanted, setWanted] = useState("");
  const [other, setOther] = useState("");
  const [at, setAt] = useState(0);
  const searched = useDeferredValue(wanted);
  const hits = useMemo(() => find(doc, searched), [doc, searched]);
  const index = hits.length ? at % hits.length : 0;
  const here = hits[index];

  useEffect(() => {
    const rows = new Map(doc.segments.map((segment, number) => [segment.id, [list.current?.children[number] as HTMLElement, segment.text] as const]));
    const placed = (some: typeof hits) =>
      some.flatMap((hit): [HTMLElement, string, number, number][] => {
        const row = rows.get(hit.segment);
        return row?.[0] ? [[row[0], row[1], hit.from, hit.to]] : [];
      });
    light("found", placed(hits));
    light("found-here", placed(here ? [here] : []));
    if (here) rows.get(here.segment)?.[0]?.scrollIntoView({ block: "center" });
    return () => {
      light("found", []);
      light("found-here", []);
    };
  }, [doc, hits, here, list]);

  function move(by: number) {
    if (hits.length) setAt((index + by + hits.length) % hits.length);
  }

  return (
    <search className="find" aria-label={t("editor.find")} onKeyDown={(event) => event.key === "Escape" && close()}>
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
      <Button size="small" disabled={!here} onClick={() => here && edit((before) => replaceOne(before, here, other))}>{t("editor.replace")}</Button>
      <Button
        size="small"
        disabled={!here}
        onClick={() => {
          edit((before) => replaceAll(before, wanted, other));
          void message.success(t("editor.replaced", { count: hits.length }));
        }}
      >
        {t("editor.replaceAll")}
      </Button>
      <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("app.close")} onClick={close} />
    </search>
  );
}
