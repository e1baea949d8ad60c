// What stands beside the text. On a phone it takes its place, one thing at a time.
import { Segmented } from "antd";
import { lazy, Suspense, useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Recording } from "../api/client";
import { Waiting } from "../app/Notice";
import type { Doc } from "../document/types";
import { MarksPanel } from "./MarksPanel";
import { useNames } from "./names";
import type { Player } from "./player";
import { SpeakersPanel } from "./SpeakersPanel";
import type { Edit } from "./useEditor";
import type { Jump } from "./useJump";

const MinutesPanel = lazy(async () => ({ default: (await import("../minutes/MinutesPanel")).MinutesPanel }));
const PolishPanel = lazy(async () => ({ default: (await import("../minutes/PolishPanel")).PolishPanel }));
const RepairPanel = lazy(async () => ({ default: (await import("../minutes/RepairPanel")).RepairPanel }));
const AskPanel = lazy(async () => ({ default: (await import("../minutes/AskPanel")).AskPanel }));
const SuggestedNames = lazy(async () => ({ default: (await import("../minutes/SuggestedNames")).SuggestedNames }));

export type Tab = "text" | "people" | "minutes" | "polish" | "repair" | "ask";
const TABS: readonly Tab[] = ["text", "people", "minutes", "polish", "repair", "ask"];

/** Whether there is room for both. */
export const roomy = matchMedia("(min-width: 901px)");

interface Beside {
  tab: Tab;
  setTab: (tab: Tab) => void;
  recording: Recording;
  doc: Doc;
  edit: Edit;
  player: Player;
  jump: Jump;
  /** Until the server has all that is here. */
  stored: () => Promise<void>;
  /** The number of the version that is here. */
  base: () => number;
  /** Something newer was made on the server. */
  renewed: () => Promise<void>;
}

export function Side({ tab, setTab, recording, doc, edit, player, jump, stored, base, renewed }: Beside) {
  const { t } = useTranslation();
  const wide = useSyncExternalStore(widthChanged, () => roomy.matches);
  // Beside the text there is always something; `text` stands for it on a phone only.
  const shown = wide && tab === "text" ? "people" : tab;
  const segments = useMemo(() => new Map(doc.segments.map((segment) => [segment.id, segment])), [doc.segments]);
  const nameOf = useNames(doc.speakers);
  const places = {
    find: (id: string) => segments.get(id),
    nameOf: (id: string) => (doc.speakers.some((one) => one.id === id) ? nameOf(id) : null),
    go: jump.play,
  };
  return (
    <aside aria-label={t("side.name")}>
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
          <SpeakersPanel doc={doc} edit={edit} player={player}>
            <Suspense fallback={null}><SuggestedNames id={recording.id} doc={doc} edit={edit} places={places} stored={stored} /></Suspense>
          </SpeakersPanel>
          <MarksPanel doc={doc} jump={jump.to} />
          <p className="quiet">{t("editor.aiNote")}</p>
        </>
      )}
      <Suspense fallback={<Waiting />}>
        {shown === "minutes" && <MinutesPanel recording={recording} places={places} stored={stored} />}
        {shown === "polish" && <PolishPanel id={recording.id} places={places} stored={stored} base={base} renewed={renewed} />}
        {shown === "repair" && <RepairPanel id={recording.id} doc={doc} places={places} stored={stored} base={base} renewed={renewed} />}
        {shown === "ask" && <AskPanel id={recording.id} places={places} stored={stored} />}
      </Suspense>
    </aside>
  );
}

function widthChanged(listener: () => void) {
  roomy.addEventListener("change", listener);
  return () => roomy.removeEventListener("change", listener);
}
