// One segment. Its text is one text node, so that a long document stays light; events are heard by the list.
import { ArrowDownOutlined, DeleteOutlined, ScissorOutlined, WarningFilled } from "@ant-design/icons";
import { memo, useLayoutEffect, useRef, type CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { marksOf, type Mark } from "../document/marks";
import { clock } from "../document/time";
import type { Segment } from "../document/types";

interface Row {
  segment: Segment;
  name: string;
  second: string | null;
  colour: string;
  focused: boolean;
  /** Whether nobody in the document is known: that is one fact, not a mark a line. */
  nobody: boolean;
}

export const SegmentRow = memo(function SegmentRow({ segment, name, second, colour, focused, nobody }: Row) {
  const { t } = useTranslation();
  const words = useRef<HTMLParagraphElement>(null);
  const time = clock(segment.start);
  const marks = marksOf(segment).filter((mark) => !(nobody && mark === "unknown"));
  // The browser changes this text while somebody types, so React is kept out of it.
  useLayoutEffect(() => {
    if (words.current && words.current.textContent !== segment.text) words.current.textContent = segment.text;
  }, [segment.text]);
  return (
    <li className="segment" data-segment={segment.id} data-focused={focused || undefined} style={{ "--speaker": colour } as CSSProperties}>
      <div className="segment-head">
        <button type="button" className="speaker" data-action="speaker" aria-haspopup="menu" aria-label={t("editor.changeSpeaker", { name })}>{name}</button>
        <button type="button" className="time" data-action="play" aria-label={t("editor.playFrom", { time })}>{time}</button>
        {marks.map((mark) => <MarkTag key={mark} mark={mark} title={mark === "overlap" && second ? t("editor.second", { name: second }) : undefined} />)}
        {focused && (
          <span className="tools" role="toolbar" aria-label={t("editor.tools")}>
            <button type="button" data-action="split" title={`${t("editor.split")} (Ctrl+Enter)`} aria-label={t("editor.split")}><ScissorOutlined /></button>
            <button type="button" data-action="merge" title={`${t("editor.merge")} (Alt+M)`} aria-label={t("editor.merge")}><ArrowDownOutlined /></button>
            <button type="button" data-action="remove" title={`${t("editor.remove")} (Ctrl+Shift+⌫)`} aria-label={t("editor.remove")}><DeleteOutlined /></button>
          </span>
        )}
      </div>
      <p
        ref={words}
        className="words"
        role="textbox"
        tabIndex={0}
        contentEditable="plaintext-only"
        suppressContentEditableWarning
        spellCheck={false}
        aria-label={t("editor.textOf", { time, speaker: name })}
        data-placeholder={segment.error ? t("editor.mark.error") : "…"}
      />
    </li>
  );
});

export function MarkTag({ mark, title }: { mark: Mark; title?: string }) {
  const { t } = useTranslation();
  return (
    <span className={`mark ${mark}`} title={title}>
      <WarningFilled aria-hidden /> {t(`editor.mark.${mark}`)}
    </span>
  );
}
