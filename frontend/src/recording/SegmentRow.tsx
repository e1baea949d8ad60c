// One segment. Its text is one text node, so that a long document stays light; events are heard by the list.
import { ArrowDownOutlined, DeleteOutlined, ScissorOutlined, WarningFilled } from "@ant-design/icons";
import { memo, useLayoutEffect, useMemo, useRef, type CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { marksOf, type Mark } from "../document/marks";
import { clock } from "../document/time";
import type { Segment } from "../document/types";
import { signOf } from "./signs";

/** The texts of a row with gaps to fill: asking the translator for each of 5,000 rows takes longer than drawing them. */
export type RowTexts = ReturnType<typeof useRowTexts>;

export function useRowTexts() {
  const { t } = useTranslation();
  return useMemo(
    () => ({
      changeSpeaker: t("editor.changeSpeaker", { name: "\u0001" }),
      playFrom: t("editor.playFrom", { time: "\u0002" }),
      textOf: t("editor.textOf", { speaker: "\u0001", time: "\u0002" }),
      select: t("editor.select", { time: "\u0002" }),
    }),
    [t],
  );
}

interface Row {
  segment: Segment;
  name: string;
  second: string | null;
  colour: string;
  focused: boolean;
  /** Among the chosen ones; null where nothing is being chosen. */
  chosen: boolean | null;
  texts: RowTexts;
  /** Whether nobody in the document is known: that is one fact, not a mark a line. */
  nobody: boolean;
}

export const SegmentRow = memo(function SegmentRow({ segment, name, second, colour, focused, chosen, texts, nobody }: Row) {
  const words = useRef<HTMLParagraphElement>(null);
  const time = clock(segment.start);
  const marks = marksOf(segment).filter((mark) => !(nobody && mark === "unknown"));
  const fill = (text: string) => text.replace("\u0001", () => name).replace("\u0002", time);
  // The browser changes this text while somebody types, so React is kept out of it.
  useLayoutEffect(() => {
    if (words.current && words.current.textContent !== segment.text) words.current.textContent = segment.text;
  }, [segment.text]);
  return (
    <div role="listitem" className="segment" data-segment={segment.id} data-focused={focused || undefined} data-chosen={chosen || undefined} style={{ "--speaker": colour } as CSSProperties}>
      <div className="segment-head">
        {chosen !== null && <input type="checkbox" data-action="choose" checked={chosen} readOnly aria-label={fill(texts.select)} />}
        <button className="speaker" data-action="speaker" aria-haspopup="menu" aria-label={fill(texts.changeSpeaker)}>{name}</button>
        <button className="time" data-action="play" aria-label={fill(texts.playFrom)}>{time}</button>
        {marks.map((mark) => <MarkTag key={mark} mark={mark} second={mark === "overlap" ? second : null} />)}
        {focused && <Tools />}
      </div>
      <p
        ref={words}
        className="words"
        role="textbox"
        contentEditable="plaintext-only"
        suppressContentEditableWarning
        aria-label={fill(texts.textOf)}
      />
    </div>
  );
});

function Tools() {
  const { t } = useTranslation();
  return (
    <span className="tools" role="toolbar" aria-label={t("editor.tools")}>
      <button data-action="split" title={`${t("editor.split")} (${signOf("Ctrl+Enter")})`} aria-label={t("editor.split")}><ScissorOutlined /></button>
      <button data-action="merge" title={`${t("editor.merge")} (${signOf("Alt+M")})`} aria-label={t("editor.merge")}><ArrowDownOutlined /></button>
      <button data-action="remove" title={`${t("editor.remove")} (${signOf("Ctrl+Shift+⌫")})`} aria-label={t("editor.remove")}><DeleteOutlined /></button>
    </span>
  );
}

export function MarkTag({ mark, second = null }: { mark: Mark; second?: string | null }) {
  const { t } = useTranslation();
  return (
    <span className={`mark ${mark}`} title={second === null ? undefined : t("editor.second", { name: second })}>
      <WarningFilled aria-hidden /> {t(`editor.mark.${mark}`)}
    </span>
  );
}
