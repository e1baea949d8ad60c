// One segment. Its text has few nodes, so that long documents stay fast; the list handles its events.
// Tab stops at its text only; its buttons have keys.
import {
  ArrowDownOutlined,
  ClockCircleOutlined,
  DeleteOutlined,
  ScissorOutlined,
  WarningFilled,
} from "@ant-design/icons";
import { type CSSProperties, memo, useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type ReviewFlag, reviewFlagsOf } from "../document/reviewFlags";
import { formatTime } from "../document/time";
import type { Segment } from "../document/types";
import type { Span } from "../document/written";
import { shortcutLabel } from "./shortcutLabel";
import { showsWritten, showWritten } from "./writtenText";

/** Row texts with placeholders: translating each of 5,000 rows takes longer than rendering them. */
export type RowTexts = ReturnType<typeof useRowTexts>;

export function useRowTexts() {
  const { t } = useTranslation();
  return useMemo(
    () => ({
      changeSpeaker: t("editor.changeSpeaker", { name: "\u0001" }),
      playFrom: t("editor.playFrom", { time: "\u0002" }),
      textOf: t("editor.textOf", { speaker: "\u0001", time: "\u0002" }),
      select: t("editor.select", { time: "\u0002" }),
      heard: (text: string) => t("editor.heard", { text }),
    }),
    [t],
  );
}

interface SegmentRowProps {
  segment: Segment;
  name: string;
  second: string | null;
  color: string;
  focused: boolean;
  /** Whether it is selected; null while nothing is being selected. */
  selected: boolean | null;
  texts: RowTexts;
  /** What is written otherwise than it was heard. */
  spans: readonly Span[];
  /** Whether the document has no speakers: then a missing speaker is not flagged. */
  noSpeakers: boolean;
}

export const SegmentRow = memo(function SegmentRow({
  segment,
  name,
  second,
  color,
  focused,
  selected,
  texts,
  spans,
  noSpeakers,
}: SegmentRowProps) {
  const words = useRef<HTMLParagraphElement>(null);
  const time = formatTime(segment.start);
  const flags = reviewFlagsOf(segment).filter((flag) => !(noSpeakers && flag === "unknown"));
  const fill = (text: string) => text.replace("\u0001", () => name).replace("\u0002", time);
  // The browser changes this text while the user types, so React does not render it.
  const rendered = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (!words.current) return;
    const changed = rendered.current !== segment.text;
    rendered.current = segment.text;
    const edited = words.current === document.activeElement && !showsWritten(words.current);
    // What is being typed is not committed yet: spans that arrive must not replace it.
    if (changed || !edited) showWritten(words.current, segment.text, edited ? [] : spans, texts.heard);
  }, [segment.text, spans, texts]);
  return (
    <div
      role="listitem"
      className="segment"
      data-segment={segment.id}
      data-focused={focused || undefined}
      data-selected={selected || undefined}
      style={{ "--speaker": color } as CSSProperties}
    >
      <div className="segment-head">
        {selected !== null && (
          <input
            type="checkbox"
            tabIndex={-1}
            data-action="select"
            checked={selected}
            readOnly
            aria-label={fill(texts.select)}
          />
        )}
        <button
          type="button"
          tabIndex={-1}
          className="speaker"
          data-action="speaker"
          aria-haspopup="dialog"
          aria-label={fill(texts.changeSpeaker)}
        >
          {name}
        </button>
        <button type="button" tabIndex={-1} className="time" data-action="play" aria-label={fill(texts.playFrom)}>
          {time}
        </button>
        {flags.map((flag) => (
          <ReviewFlagTag key={flag} flag={flag} second={flag === "overlap" ? second : null} />
        ))}
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
      <button
        type="button"
        tabIndex={-1}
        data-action="split"
        title={`${t("editor.split")} (${shortcutLabel("Ctrl+Enter")})`}
        aria-label={t("editor.split")}
      >
        <ScissorOutlined />
      </button>
      <button
        type="button"
        tabIndex={-1}
        data-action="merge"
        title={`${t("editor.merge")} (${shortcutLabel("Alt+M")})`}
        aria-label={t("editor.merge")}
      >
        <ArrowDownOutlined />
      </button>
      <button
        type="button"
        tabIndex={-1}
        data-action="times"
        title={`${t("editor.times")} (${shortcutLabel("Alt+T")})`}
        aria-label={t("editor.times")}
        aria-haspopup="dialog"
      >
        <ClockCircleOutlined />
      </button>
      <button
        type="button"
        tabIndex={-1}
        data-action="remove"
        title={`${t("editor.remove")} (${shortcutLabel("Ctrl+Shift+⌫")})`}
        aria-label={t("editor.remove")}
      >
        <DeleteOutlined />
      </button>
    </span>
  );
}

export function ReviewFlagTag({ flag, second = null }: { flag: ReviewFlag; second?: string | null }) {
  const { t } = useTranslation();
  return (
    <span className={`review-flag ${flag}`} title={second === null ? undefined : t("editor.second", { name: second })}>
      <WarningFilled aria-hidden /> {t(`editor.reviewFlag.${flag}`)}
    </span>
  );
}
