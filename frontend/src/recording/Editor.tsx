// The transcript editor: player, text, and the side panel.
import {
  ArrowLeftOutlined,
  CheckSquareOutlined,
  HistoryOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  SearchOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Space, Tooltip } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recording } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { useFormats } from "../app/formats";
import { useWrittenForm } from "../app/writtenForm";
import { remove, setSpeaker, setText } from "../document/edit";
import { flaggedSegments } from "../document/reviewFlags";
import { segmentAt } from "../document/time";
import type { Segment } from "../document/types";
import { ExportButton } from "../exports/ExportButton";
import { useNewestJob } from "../library/liveJobs";
import { useRenameDialog } from "../library/RecordingActions";
import { ShareButton } from "../shares/ShareButton";
import { BulkBar } from "./BulkBar";
import { ConflictAlert } from "./ConflictAlert";
import { FindBar } from "./FindBar";
import { renewMedia } from "./media";
import { PlayerBar, SPEEDS } from "./PlayerBar";
import { Player } from "./player";
import { Segments } from "./Segments";
import { ShortcutsHelp } from "./ShortcutsHelp";
import { SidePanel, type Tab, wideScreen } from "./SidePanel";
import type { SaveState } from "./saver";
import { focusedRow, rowOf, wordsOf } from "./segmentRows";
import { shortcutLabel } from "./shortcutLabel";
import type { Command } from "./shortcuts";
import { type Loaded, readTranscript, useEditor } from "./useEditor";
import { useJump } from "./useJump";
import { useSelection } from "./useSelection";
import { useShortcuts } from "./useShortcuts";
import { useWrittenSpans } from "./useWrittenSpans";
import { VersionsDrawer } from "./VersionsDrawer";
import { WrittenFormSwitch } from "./WrittenFormSwitch";
import { heardText } from "./writtenText";

interface EditorProps {
  recording: Recording;
  user: string;
  loaded: Loaded;
  reload: () => void;
}

export function Editor({ recording, user, loaded, reload }: EditorProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const formats = useFormats();
  const [first] = useState(loaded);
  const { doc, saver, state, edit, undo, redo, canUndo, canRedo, adopt, forget } = useEditor(
    recording.id,
    user,
    first,
    commitFocused,
  );
  const [player] = useState(() => new Player(renewMedia));
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<"find" | "versions" | "help" | null>(null);
  const [tab, setTab] = useState<Tab>("text");
  const list = useRef<HTMLDivElement>(null);
  const renderAll = useRef(() => {});
  const form = useWrittenForm(user);
  const spansOf = useWrittenSpans(recording.id, doc, form);
  const selection = useSelection(doc);
  const jump = useJump({ list, renderAll, player, show: () => wideScreen.matches || setTab("text") });
  const rename = useRenameDialog(recording);
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
    return new Promise((go) => setTimeout(() => void saver.flush().then(go)));
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
  useOnDone(useNewestJob(recording.id, "polish")?.status, adoptNewest);

  function neighbor(by: number, from: string | null): Segment | undefined {
    const now =
      from === null ? segmentAt(doc.segments, player.time()) : doc.segments.findIndex((one) => one.id === from);
    return doc.segments[Math.max(0, Math.min(doc.segments.length - 1, now + by))];
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
  function clickTool(action: "split" | "merge" | "remove") {
    focusedRow()?.element.querySelector<HTMLElement>(`[data-action=${action}]`)?.click();
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
        return clickTool(command.type);
    }
  }
  useShortcuts(run, (id) => doc.segments.find((one) => one.id === id)?.text);

  return (
    <div className="editor">
      <header className="editor-head">
        <Link to="/" aria-label={t("app.toLibrary")}>
          <ArrowLeftOutlined />
        </Link>
        <h1>
          <button type="button" onClick={rename} title={t("library.rename")}>
            {recording.name}
          </button>
        </h1>
        <small className="transcript-language" title={t("editor.language")}>
          {formats.language(doc.language)}
        </small>
        <SaveStatus state={state} />
        <Space size={2} wrap>
          <Tooltip title={`${t("editor.undo")} (${shortcutLabel("Ctrl+Z")})`}>
            <Button
              type="text"
              icon={<UndoOutlined />}
              aria-label={t("editor.undo")}
              disabled={!canUndo}
              onClick={undo}
            />
          </Tooltip>
          <Tooltip title={`${t("editor.redo")} (${shortcutLabel("Ctrl+Y")})`}>
            <Button
              type="text"
              icon={<RedoOutlined />}
              aria-label={t("editor.redo")}
              disabled={!canRedo}
              onClick={redo}
            />
          </Tooltip>
          <Tooltip title={`${t("editor.find")} (${shortcutLabel("Ctrl+F")})`}>
            <Button
              type="text"
              icon={<SearchOutlined />}
              aria-label={t("editor.find")}
              onClick={() => setOpen("find")}
            />
          </Tooltip>
          <Tooltip title={`${t("bulk.begin")} (${shortcutLabel("Alt+X")})`}>
            <Button
              type="text"
              icon={<CheckSquareOutlined />}
              aria-label={t("bulk.begin")}
              aria-pressed={selection.open}
              onClick={selection.open ? selection.end : selection.begin}
            />
          </Tooltip>
          <WrittenFormSwitch user={user} />
          <Tooltip title={t("editor.versions")}>
            <Button
              type="text"
              icon={<HistoryOutlined />}
              aria-label={t("editor.versions")}
              onClick={() => void flush().then(() => setOpen("versions"))}
            />
          </Tooltip>
          <Tooltip title={`${t("editor.help")} (?)`}>
            <Button
              type="text"
              icon={<QuestionCircleOutlined />}
              aria-label={t("editor.help")}
              onClick={() => setOpen("help")}
            />
          </Tooltip>
          <ShareButton recording={recording} />
          <ExportButton recording={recording} before={flush} />
        </Space>
      </header>
      {state.kind === "conflict" && (
        <ConflictAlert
          id={recording.id}
          mine={doc}
          newest={state.newest}
          keepMine={() => void saver.overwrite()}
          takeTheirs={() => {
            forget();
            reload();
          }}
        />
      )}
      <PlayerBar id={recording.id} player={player} doc={doc} follow={follow} setFollow={setFollow} />
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
        <Segments
          list={list}
          renderAll={renderAll}
          doc={doc}
          edit={edit}
          player={player}
          follow={follow}
          selection={selection}
          spansOf={spansOf}
        />
        <SidePanel
          tab={tab}
          setTab={setTab}
          recording={recording}
          doc={doc}
          edit={edit}
          player={player}
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

/** Calls `then` when the job changes from open to done. */
function useOnDone(status: string | undefined, then: () => Promise<void>) {
  const before = useRef(status);
  useEffect(() => {
    const open = before.current === "queued" || before.current === "running";
    before.current = status;
    if (open && status === "done") void then();
  }); // runs on every render, because `then` is a new function each time
}

function SaveStatus({ state }: { state: SaveState }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const text = {
    saved: () => t("editor.saved"),
    saving: () => t("editor.saving"),
    unsaved: () => t("editor.unsaved"),
    conflict: () => t("editor.unsaved"),
    failed: () => t("editor.saveFailed") + (state.kind === "failed" ? messages.textOf(state.error) : ""),
  }[state.kind]();
  return (
    <span className={`save-status ${state.kind}`} role="status">
      {text}
    </span>
  );
}
