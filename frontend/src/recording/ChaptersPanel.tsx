// The chapters beside the text: a press goes there.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Chapter } from "../document/chapters";
import { formatTime, lastBefore } from "../document/time";
import type { Player } from "./player";

interface ChaptersPanelProps {
  chapters: readonly Chapter[];
  player: Player;
  go: (time: number) => void;
}

export function ChaptersPanel({ chapters, player, go }: ChaptersPanelProps) {
  const { t } = useTranslation();
  const [now, setNow] = useState(-1);
  useEffect(() => player.onTick((time) => setNow(lastBefore(chapters, time, (one) => one.start))), [player, chapters]);
  if (chapters.length === 0) return null;
  return (
    <section className="panel chapters">
      <h2>{t("player.chapters")}</h2>
      <ol className="review-flags">
        {chapters.map((chapter, number) => (
          <li key={chapter.start}>
            <button type="button" aria-current={number === now || undefined} onClick={() => go(chapter.start)}>
              <span className="time">{formatTime(chapter.start)}</span>
              <span>{chapter.title}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
