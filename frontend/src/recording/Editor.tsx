// The transcript editor: player, text, and the side panel.
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job, RecordingDetails } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { useWrittenForm } from "../app/writtenForm";
import { remove, setSpeaker, setText } from "../document/edit";
import { flaggedSegments } from "../document/reviewFlags";
import { segmentAt } from "../document/time";
import { samplesOf } from "../document/turns";
import type { Segment } from "../document/types";
import { ExportButton } from "../exports/ExportButton";
import { useJobs, useNewestJob } from "../library/liveJobs";
import { isNews } from "../notices/endedJobs";
import { ShareButton } from "../shares/ShareButton";
import { BulkBar } from "./BulkBar";
import { ConflictAlert } from "./ConflictAlert";
import { FindBar } from "./FindBar";
import { MoreMenu } from "./MoreMenu";
import { renewMedia } from "./media";
import { useNames } from "./names";
import { PanelDivider } from "./PanelDivider";
import { PLAYER, PlayerBar, SPEEDS } from "./PlayerBar";
import { Player } from "./player";
import { type Loaded, readTranscript } from "./readTranscript";
import { Segments } from "./Segments";
import { ShortcutsHelp } from "./ShortcutsHelp";
import { PANEL, SidePanel, type Tab, wideScreen } from "./SidePanel";
import { focusedRow, rowOf, wordsOf } from "./segmentRows";
import type { Command } from "./shortcuts";
import { useChapters } from "./useChapters";
import { useEditor } from "./useEditor";
import { useJump } from "./useJump";
import { useOpenedPlace } from "./useOpenedPlace";
import { useSelection } from "./useSelection";
import { useShortcuts } from "./useShortcuts";
import { useWrittenSpans } from "./useWrittenSpans";
import { VersionsDrawer } from "./VersionsDrawer";
import { WorkspaceHeader } from "./WorkspaceHeader";
import { heardText } from "./writtenText";

interface EditorProps {
  recording: RecordingDetails;
  user: string;
  loaded: Loaded;
}

/** The id of the text in the page. */
const TEXT = "workspace-text";
/** Where F6 goes from the text. */
const AREAS = [PLAYER, PANEL] as const;

export function Editor({ recording, user, loaded }: EditorProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const [first] = useState(loaded);
  const { message } = App.useApp();
  const { doc, saver, state, conflict, edit, undo, redo, canUndo, canRedo, adopt, ...editor } = useEditor(
    recording.id,
    user,
    first,
    commitFocused,
    () => void message.info({ key: "merged", content: t("editor.merged") }),
  );
  const [player] = useState(() => new Player(renewMedia));
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<"find" | "versions" | "help" | null>(null);
  const [tab, setTab] = useState<Tab>(() => (location.hash === "#minutes" ? "minutes" : "text"));
  const nameOf = useNames(doc.speakers);
  const list = useRef<HTMLDivElement>(null);
  const renderAll = useRef(() => {});
  const form = useWrittenForm(user);
  const spansOf = useWrittenSpans(recording.id, doc, form);
  const selection = useSelection(doc);
  const [chosenSpeaker, setOnly] = useState<string | null>(null);
  const only = doc.speakers.some((one) => one.id === chosenSpeaker) ? chosenSpeaker : null;
  const jump = useJump({
    list,
    renderAll,
    player,
    show: (segment) => {
      if (only !== null && segment.speaker !== only) setOnly(null);
      if (!wideScreen.matches) setTab("text");
    },
  });
  useOpenedPlace(doc.segments, (segment, time) => {
    player.seek(time);
    jump.reveal(segment);
  });
  const chapters = useChapters(recording.id, doc);
  const playSamples = (speaker: string) => player.playParts(samplesOf(doc, speaker));
  const queries = useQueryClient();
  // After a save, language model results may be outdated: refetch them.
  useEffect(() => {
    if (state.kind !== "saved") return;
    for (const kind of ["minutes", "polish", "repair", "translation"])
      void queries.invalidateQueries({ queryKey: ["recording", recording.id, kind] });
  }, [queries, recording.id, state.kind]);

  /** Commits the text that is being typed. */
  function commitFocused() {
    const row = focusedRow();
    if (row) edit((before) => setText(before, row.id, heardText(row.words)));
  }

  /** Resolves when everything is saved, or saving failed. */
  function flush(): Promise<void> {
    commitFocused();
    return new Promise((go) => setTimeout(() => void editor.flush().then(go)));
  }

  function showVersions() {
    void flush().then(() => setOpen("versions"));
  }

  /** Loads the version that the server created from this one. */
  async function adoptNewest() {
    try {
      await flush();
      // Not loadTranscript: the browser's stored history may still list changes as unsaved that were just saved.
      const newest = await readTranscript(recording.id);
      if (saver.snapshot().kind === "saved" && newest.number > saver.base()[0]) adopt(newest);
    } catch (error) {
      messages.show(error);
    }
  }
  useOnDone(useNewestJob(recording.id, "polish"), adoptNewest);

  function neighbor(by: number, from: string | null): Segment | undefined {
    const shown = only === null ? doc.segments : doc.segments.filter((one) => one.speaker === only);
    const now = from === null ? segmentAt(shown, player.time()) : shown.findIndex((one) => one.id === from);
    return shown[Math.max(0, Math.min(shown.length - 1, now + by))];
  }

  function focus(segment: Segment | undefined) {
    if (!segment) return;
    if (!rowOf(list.current, segment.id)) jump.reveal(segment);
    wordsOf(rowOf(list.current, segment.id))?.focus();
  }

  function goToFlag(by: 1 | -1) {
    const at = focusedRow()?.id ?? jump.last.current;
    const now = at === null ? -1 : doc.segments.findIndex((one) => one.id === at);
    const found = flaggedSegments(doc).map(({ segment }) => [doc.segments.indexOf(segment), segment] as const);
    const next = by === 1 ? found.find(([number]) => number > now) : found.findLast(([number]) => number < now);
    if (next) {
      jump.to(next[1]);
      focus(next[1]);
    }
  }

  /** Clicks the focused row's own button, which uses the current caret. */
  function clickTool(action: "split" | "merge" | "remove" | "speaker" | "times") {
    focusedRow()?.element.querySelector<HTMLElement>(`[data-action=${action}]`)?.click();
  }

  /** Moves the focus between text, player and panel. */
  function goToArea(by: 1 | -1) {
    const areas = [list.current, ...AREAS.map((id) => document.getElementById(id))].filter((one) => one !== null);
    const now = areas.findIndex((area) => area.contains(document.activeElement));
    const next = areas[(now + by + areas.length) % areas.length];
    if (next !== list.current) next?.focus();
    else focus(jump.last.current === null ? neighbor(0, null) : neighbor(0, jump.last.current));
  }

  function run(command: Command) {
    const row = focusedRow();
    const chosen = [...selection.ids];
    switch (command.type) {
      case "play":
        return player.toggle();
      case "replay": {
        const segment = row
          ? doc.segments.find((one) => one.id === row.id)
          : doc.segments[segmentAt(doc.segments, player.time())];
        if (segment) player.seek(segment.start);
        return player.play();
      }
      case "back":
        return player.skip(-5);
      case "forward":
        return player.skip(5);
      case "slower":
      case "faster": {
        const now = SPEEDS.indexOf(player.audio.playbackRate);
        return player.rate(
          SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, now + (command.type === "faster" ? 1 : -1)))]!,
        );
      }
      case "undo":
        return undo();
      case "redo":
        return redo();
      case "find":
        return setOpen("find");
      case "help":
        return setOpen("help");
      case "save":
        return void flush();
      case "commit": {
        const next = row && neighbor(1, row.id);
        if (next && next.id !== row.id) focus(next);
        else row?.words.blur();
        return;
      }
      case "leave":
        return row ? row.words.blur() : selection.end();
      case "up":
        return focus(row || player.time() === 0 ? neighbor(row ? -1 : 0, row?.id ?? null) : neighbor(-1, null));
      case "down":
        return focus(neighbor(1, row?.id ?? null));
      case "nextFlag":
        return goToFlag(1);
      case "previousFlag":
        return goToFlag(-1);
      case "select":
        return row ? selection.toggle(row.id) : selection.begin();
      case "extendUp":
      case "extendDown": {
        const next = row && neighbor(command.type === "extendUp" ? -1 : 1, row.id);
        if (!next) return;
        selection.add([row.id, next.id]);
        return focus(next);
      }
      case "speaker": {
        const speaker = doc.speakers[command.number - 1];
        const ids = chosen.length ? chosen : row ? [row.id] : [];
        if (speaker && ids.length) edit((before) => setSpeaker(before, ids, speaker.id));
        return;
      }
      case "remove":
        return chosen.length ? edit((before) => remove(before, chosen)) : clickTool(command.type);
      case "split":
      case "merge":
      case "times":
        return clickTool(command.type);
      case "name":
        return clickTool("speaker");
      case "nextArea":
      case "previousArea":
        return goToArea(command.type === "nextArea" ? 1 : -1);
    }
  }
  useShortcuts(run, (id) => doc.segments.find((one) => one.id === id)?.text);

  return (
    <div className="editor">
      <SkipLinks />
      <WorkspaceHeader
        recording={recording}
        doc={doc}
        user={user}
        state={state}
        undo={canUndo ? undo : null}
        redo={canRedo ? redo : null}
        selecting={selection.open}
        onSelect={selection.open ? selection.end : selection.begin}
        onFind={() => setOpen("find")}
        onVersions={showVersions}
        onHelp={() => setOpen("help")}
        onPeople={() => setTab("people")}
      >
        <span className="roomy">
          <ShareButton recording={recording} />
          <ExportButton recording={recording} before={flush} />
        </span>
        <MoreMenu recording={recording} doc={doc} flush={flush} onVersions={showVersions} />
      </WorkspaceHeader>
      {conflict.theirs && (
        <ConflictAlert mine={doc} base={saver.base()[1]} theirs={conflict.theirs.document} decide={conflict.decide} />
      )}
      <PlayerBar
        id={recording.id}
        player={player}
        doc={doc}
        chapters={chapters}
        notes={recording.notes}
        follow={follow}
        setFollow={setFollow}
      />
      {open === "find" && (
        <FindBar
          recordingId={recording.id}
          doc={doc}
          form={form}
          edit={edit}
          list={list}
          renderAll={renderAll}
          close={() => setOpen(null)}
        />
      )}
      <div className="editor-body" data-tab={tab}>
        <div className="text-pane" id={TEXT} tabIndex={-1}>
          {only !== null && (
            <p className="only-speaker">
              {t("editor.onlySpeaker", { name: nameOf(only) })}
              <Button size="small" type="link" onClick={() => setOnly(null)}>
                {t("editor.showAll")}
              </Button>
            </p>
          )}
          <Segments
            list={list}
            renderAll={renderAll}
            doc={doc}
            edit={edit}
            player={player}
            follow={follow}
            selection={selection}
            spansOf={spansOf}
            only={only}
            setOnly={setOnly}
            playSamples={playSamples}
          />
        </div>
        <PanelDivider panel={PANEL} />
        <SidePanel
          tab={tab}
          setTab={setTab}
          recording={recording}
          doc={doc}
          list={list}
          edit={edit}
          player={player}
          playSamples={playSamples}
          chapters={chapters}
          jump={jump}
          flush={flush}
          base={() => saver.base()[0]}
          reload={adoptNewest}
        />
      </div>
      {selection.open && <BulkBar selection={selection} doc={doc} edit={edit} />}
      {open === "versions" && <VersionsDrawer id={recording.id} edit={edit} close={() => setOpen(null)} />}
      {open === "help" && <ShortcutsHelp close={() => setOpen(null)} />}
    </div>
  );
}

/** Calls `then` when a job has become done, also one that began and ended between two messages. */
function useOnDone(job: Job | undefined, then: () => Promise<void>) {
  const { known } = useJobs();
  const before = useRef<Job | null>(undefined); // undefined until the jobs are known
  useEffect(() => {
    const earlier = before.current;
    before.current = known ? (job ?? null) : undefined;
    if (earlier === undefined || job?.status !== "done") return;
    if (earlier?.id !== job.id || isNews(earlier, job)) void then();
  }); // runs on every render, because `then` is a new function each time
}

/** For people who go by Tab: the areas of the workspace. */
function SkipLinks() {
  const { t } = useTranslation();
  return (
    <nav className="skips" aria-label={t("app.skipTo.name")}>
      <a className="skip" href={`#${TEXT}`}>
        {t("app.skipTo.text")}
      </a>
      <a className="skip" href={`#${PLAYER}`}>
        {t("app.skipTo.player")}
      </a>
      <a className="skip" href={`#${PANEL}`}>
        {t("app.skipTo.panel")}
      </a>
    </nav>
  );
}
