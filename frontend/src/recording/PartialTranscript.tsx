// The text recognised so far, in paragraphs. A click on a sentence plays it, once there is audio to play.
import { Card } from "antd";
import { useTranslation } from "react-i18next";
import { formatTime } from "../document/time";
import type { Doc, Segment } from "../document/types";
import { colorOf, useNames } from "./names";
import { paragraphsOf } from "./partialParagraphs";

export function PartialTranscript({ doc, play }: { doc: Doc; play: ((time: number) => void) | null }) {
  const { t } = useTranslation();
  const { segments, speakers } = doc;
  const nameOf = useNames(speakers);
  return (
    <Card title={t("editor.partialTranscript")}>
      <ol className="partial-transcript">
        {paragraphsOf(segments).map((paragraph) => {
          const first = paragraph[0]!;
          return (
            <li key={first.id}>
              <span className="time">{formatTime(first.start)}</span>
              {speakers.length > 0 && (
                <strong style={{ color: colorOf(speakers, first.speaker) }}>{nameOf(first.speaker)}</strong>
              )}
              <span>{paragraph.map((segment) => sentence(segment))}</span>
            </li>
          );
        })}
      </ol>
    </Card>
  );

  function sentence(segment: Segment) {
    if (!play) return <span key={segment.id}>{segment.text} </span>;
    return (
      <button
        key={segment.id}
        type="button"
        className="live-sentence"
        title={t("waiting.playFrom", { at: formatTime(segment.start) })}
        onClick={() => play(segment.start)}
      >
        {segment.text}{" "}
      </button>
    );
  }
}
