// The panel beside the text, in tabs. On a phone the tabs replace the text.

import { Segmented } from "antd";
import { type RefObject, Suspense, useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingDetails } from "../api/client";
import { Loading } from "../app/Feedback";
import { lazyPart } from "../app/lazyPart";
import { useCommentMarks, useSelectedPlace, useThreads } from "../comments/useComments";
import type { Chapter } from "../document/chapters";
import { segmentAt } from "../document/time";
import type { Doc } from "../document/types";
import { ChaptersPanel } from "./ChaptersPanel";
import { NotesPanel } from "./NotesPanel";
import { colorOf, useNames } from "./names";
import { Picture } from "./Picture";
import type { Player } from "./player";
import { ReviewFlagsPanel } from "./ReviewFlagsPanel";
import { ReviewTab } from "./ReviewTab";
import { SpeakersPanel } from "./SpeakersPanel";
import type { Edit } from "./useEditor";
import type { Jump } from "./useJump";

const MinutesPanel = lazyPart(async () => ({ default: (await import("../minutes/MinutesPanel")).MinutesPanel }));
const TranslationPanel = lazyPart(async () => ({
  default: (await import("../minutes/TranslationPanel")).TranslationPanel,
}));
const AskPanel = lazyPart(async () => ({ default: (await import("../minutes/AskPanel")).AskPanel }));
const CommentsPanel = lazyPart(async () => ({ default: (await import("../comments/CommentsPanel")).CommentsPanel }));
const TalkFigures = lazyPart(async () => ({ default: (await import("../figures/TalkFigures")).TalkFigures }));
const SuggestedNames = lazyPart(async () => ({ default: (await import("../minutes/SuggestedNames")).SuggestedNames }));
const LikelyPeople = lazyPart(async () => ({ default: (await import("../people/LikelyPeople")).LikelyPeople }));

export type Tab = "text" | "people" | "minutes" | "review" | "translation" | "ask" | "comments";
const TABS: readonly Tab[] = ["text", "people", "minutes", "review", "translation", "ask", "comments"];
const NO_THREADS: never[] = [];
/** The id of the panel in the page. */
export const PANEL = "workspace-panel";

/** Whether there is room for the text and the panel. */
export const wideScreen = matchMedia("(min-width: 901px)");

interface SidePanelProps {
  tab: Tab;
  setTab: (tab: Tab) => void;
  recording: RecordingDetails;
  doc: Doc;
  /** The list of the segments in the page. */
  list: RefObject<HTMLDivElement | null>;
  edit: Edit;
  player: Player;
  playSamples: (speaker: string) => void;
  chapters: readonly Chapter[];
  jump: Jump;
  /** Saves everything that is on the page. */
  flush: () => Promise<void>;
  /** The number of the version on the page. */
  base: () => number;
  /** Loads the newest version from the server. */
  reload: () => Promise<void>;
}

export function SidePanel(props: SidePanelProps) {
  const { tab, setTab, recording, doc, list, edit, player, playSamples, chapters, jump, flush, base, reload } = props;
  const { t } = useTranslation();
  const goTo = (time: number) => {
    const segment = doc.segments[Math.max(0, segmentAt(doc.segments, time))];
    if (segment) jump.to(segment);
    player.seek(time);
  };
  const wide = useSyncExternalStore(widthChanged, () => wideScreen.matches);
  // On a wide screen the text is always visible, so its tab exists only on a phone.
  const shown = wide && tab === "text" ? "people" : tab;
  const segments = useMemo(() => new Map(doc.segments.map((segment) => [segment.id, segment])), [doc.segments]);
  const nameOf = useNames(doc.speakers);
  useCommentMarks(list, doc.segments, useThreads(recording.id).data ?? NO_THREADS);
  const selected = useSelectedPlace(list);
  const links = {
    find: (id: string) => segments.get(id),
    nameOf: (id: string) => (doc.speakers.some((one) => one.id === id) ? nameOf(id) : null),
    saying: (text: string) => doc.segments.filter((one) => one.text.toLowerCase().includes(text.toLowerCase())),
    play: jump.play,
  };
  return (
    <aside id={PANEL} tabIndex={-1} aria-label={t("side.name")}>
      {recording.video_type && <Picture recording={recording} player={player} doc={doc} />}
      <div className="panel-scroll">
        <Segmented<Tab>
          block
          className="side-tabs"
          aria-label={t("side.name")}
          value={shown}
          options={TABS.filter((one) => !wide || one !== "text").map((value) => ({ value, label: t(`side.${value}`) }))}
          onChange={setTab}
        />
        {shown === "people" && (
          <>
            <SpeakersPanel doc={doc} edit={edit} player={player} playSamples={playSamples} jump={jump.to}>
              <Suspense fallback={null}>
                <LikelyPeople
                  id={recording.id}
                  doc={doc}
                  flush={flush}
                  reload={reload}
                  pause={() => player.audio.pause()}
                />
                <SuggestedNames id={recording.id} doc={doc} edit={edit} links={links} flush={flush} />
              </Suspense>
            </SpeakersPanel>
            <Suspense fallback={null}>
              <TalkFigures
                id={recording.id}
                nameOf={nameOf}
                colorOf={(speaker) => colorOf(doc.speakers, speaker)}
                flush={flush}
              />
            </Suspense>
            <NotesPanel notes={recording.notes} go={goTo} />
            <ChaptersPanel chapters={chapters} player={player} go={goTo} />
            <ReviewFlagsPanel doc={doc} jump={jump.to} />
            <p className="secondary">{t("editor.aiNote")}</p>
          </>
        )}
        <Suspense fallback={<Loading />}>
          {shown === "minutes" && <MinutesPanel recording={recording} links={links} flush={flush} />}
          {shown === "review" && (
            <ReviewTab id={recording.id} doc={doc} links={links} flush={flush} base={base} reload={reload} />
          )}
          {shown === "translation" && <TranslationPanel recording={recording} links={links} flush={flush} />}
          {shown === "ask" && <AskPanel id={recording.id} links={links} flush={flush} />}
          {shown === "comments" && (
            <CommentsPanel
              id={recording.id}
              segments={doc.segments}
              selected={selected}
              jump={jump.reveal}
              seek={(time) => player.seek(time)}
              flush={flush}
            />
          )}
        </Suspense>
      </div>
    </aside>
  );
}

function widthChanged(listener: () => void) {
  wideScreen.addEventListener("change", listener);
  return () => wideScreen.removeEventListener("change", listener);
}
