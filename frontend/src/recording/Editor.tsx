// Working on one transcript: the player above, the text, and beside it who speaks, what to look at, and what a language model made of it.
import { CheckSquareOutlined, QuestionCircleOutlined, RedoOutlined, SearchOutlined, UndoOutlined, HistoryOutlined, ArrowLeftOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Space, Tooltip } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { useRename } from "../library/Actions";
import { remove, setSpeaker, setText } from "../document/edit";
import { marked } from "../document/marks";
import { segmentAt } from "../document/time";
import type { Segment } from "../document/types";
import { useNewestJob } from "../library/live";
import { BulkBar } from "./BulkBar";
import { useChoice } from "./choice";
import { Conflict } from "./Conflict";
import { ExportButton } from "../exports/ExportButton";
import { ShareButton } from "../shares/ShareButton";
import { FindBar } from "./FindBar";
import type { Command } from "./keys";
import { KeysHelp } from "./KeysHelp";
import { renewMedia } from "./media";
import { Player } from "./player";
import { PlayerBar, SPEEDS } from "./PlayerBar";
import { openRow, rowOf, wordsOf } from "./rows";
import type { SaveState } from "./saver";
import { Segments } from "./Segments";
import { signOf } from "./signs";
import { roomy, Side, type Tab } from "./Side";
import { readTranscript, useEditor, type Loaded } from "./useEditor";
import { useJump } from "./useJump";
import { useKeys } from "./useKeys";
import { VersionsDrawer } from "./VersionsDrawer";

interface Opened {
  recording: Recording;
  user: string;
  loaded: Loaded;
  reload: () => void;
}

export function Editor({ recording, user, loaded, reload }: Opened) {
  const { t } = useTranslation();
  const messages = useMessages();
  const [first] = useState(loaded);
  const { doc, saver, state, edit, undo, redo, canUndo, canRedo, adopt, forget } = useEditor(recording.id, user, first, commitOpen);
  const [player] = useState(() => new Player(renewMedia));
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<"find" | "versions" | "help" | null>(null);
  const [tab, setTab] = useState<Tab>("text");
  const list = useRef<HTMLDivElement>(null);
  const whole = useRef(() => {});
  const choice = useChoice(doc);
  const jump = useJump({ list, whole, player, show: () => roomy.matches || setTab("text") });
  const rename = useRename(recording);
  const queries = useQueryClient();
  // What a language model made of an older version says so.
  useEffect(() => {
    if (state.kind !== "saved") return;
    for (const made of ["minutes", "polish", "repair"]) void queries.invalidateQueries({ queryKey: ["recording", recording.id, made] });
  }, [queries, recording.id, state.kind]);

  /** Take over a text that is being changed right now. */
  function commitOpen() {
    const row = openRow();
    if (row) edit((before) => setText(before, row.id, row.words.textContent));
  }

  /** Until the server has all that is here, or cannot have it. */
  function stored(): Promise<void> {
    commitOpen();
    return new Promise((go) => setTimeout(() => void saver.flush().then(go)));
  }

  /** Go on with what was made on the server of what is here. */
  async function renewed() {
    try {
      await stored();
      // Not what this browser kept: that may still say that something did not arrive which has arrived just now.
      const newest = await readTranscript(recording.id);
      if (saver.snapshot().kind === "saved" && newest.number > saver.base()[0]) adopt(newest);
    } catch (error) {
      messages.tell(error);
    }
  }
  useWhenDone(useNewestJob(recording.id, "polish")?.status, renewed);

  function walk(by: number, from: string | null): Segment | undefined {
    const now = from === null ? segmentAt(doc.segments, player.time()) : doc.segments.findIndex((one) => one.id === from);
    return doc.segments[Math.max(0, Math.min(doc.segments.length - 1, now + by))];
  }

  function focus(segment: Segment | undefined) {
    if (!segment) return;
    if (!rowOf(list.current, segment.id)) jump.reveal(segment);
    wordsOf(rowOf(list.current, segment.id))?.focus();
  }

  function nextMark(by: 1 | -1) {
    const at = openRow()?.id ?? jump.last.current;
    const now = at === null ? -1 : doc.segments.findIndex((one) => one.id === at);
    const found = marked(doc).map(({ segment }) => [doc.segments.indexOf(segment), segment] as const);
    const next = by === 1 ? found.find(([number]) => number > now) : found.findLast(([number]) => number < now);
    if (next) {
      jump.to(next[1]);
      focus(next[1]);
    }
  }

  function does(command: Command) {
    const row = openRow();
    const chosen = [...choice.ids];
    switch (command.does) {
      case "play": return player.toggle();
      case "replay": {
        const segment = row ? doc.segments.find((one) => one.id === row.id) : doc.segments[segmentAt(doc.segments, player.time())];
        if (segment) player.seek(segment.start);
        return player.play();
      }
      case "back": return player.by(-5);
      case "forward": return player.by(5);
      case "slower":
      case "faster": {
        const now = SPEEDS.indexOf(player.audio.playbackRate);
        return player.rate(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, now + (command.does === "faster" ? 1 : -1)))]!);
      }
      case "undo": return undo();
      case "redo": return redo();
      case "find": return setOpen("find");
      case "help": return setOpen("help");
      case "save": return void stored();
      case "commit": {
        const next = row && walk(1, row.id);
        if (next && next.id !== row.id) focus(next);
        else row?.words.blur();
        return;
      }
      case "leave": return row ? row.words.blur() : choice.end();
      case "up": return focus(row || player.time() === 0 ? walk(row ? -1 : 0, row?.id ?? null) : walk(-1, null));
      case "down": return focus(walk(1, row?.id ?? null));
      case "nextMark": return nextMark(1);
      case "lastMark": return nextMark(-1);
      case "choose": return row ? choice.toggle(row.id) : choice.begin();
      case "chooseUp":
      case "chooseDown": {
        const next = row && walk(command.does === "chooseUp" ? -1 : 1, row.id);
        if (!next) return;
        choice.add([row.id, next.id]);
        return focus(next);
      }
      case "speaker": {
        const speaker = doc.speakers[command.number - 1];
        const ids = chosen.length ? chosen : row ? [row.id] : [];
        if (speaker && ids.length) edit((before) => setSpeaker(before, ids, speaker.id));
        return;
      }
      case "remove":
        if (chosen.length) return edit((before) => remove(before, chosen));
      // falls through
      case "split":
      case "merge":
        // The row's own button does it, with the caret where it is.
        row?.element.querySelector<HTMLElement>(`[data-action=${command.does}]`)?.click();
    }
  }
  useKeys(does, (id) => doc.segments.find((one) => one.id === id)?.text);

  return (
    <div className="editor">
      <header className="editor-head">
        <Link to="/" aria-label={t("app.toLibrary")}><ArrowLeftOutlined /></Link>
        <h1><button type="button" onClick={rename} title={t("library.rename")}>{recording.name}</button></h1>
        <SaveNote state={state} />
        <Space size={2} wrap>
          <Tooltip title={`${t("editor.undo")} (${signOf("Ctrl+Z")})`}><Button type="text" icon={<UndoOutlined />} aria-label={t("editor.undo")} disabled={!canUndo} onClick={undo} /></Tooltip>
          <Tooltip title={`${t("editor.redo")} (${signOf("Ctrl+Y")})`}><Button type="text" icon={<RedoOutlined />} aria-label={t("editor.redo")} disabled={!canRedo} onClick={redo} /></Tooltip>
          <Tooltip title={`${t("editor.find")} (${signOf("Ctrl+F")})`}><Button type="text" icon={<SearchOutlined />} aria-label={t("editor.find")} onClick={() => setOpen("find")} /></Tooltip>
          <Tooltip title={`${t("bulk.begin")} (${signOf("Alt+X")})`}><Button type="text" icon={<CheckSquareOutlined />} aria-label={t("bulk.begin")} aria-pressed={choice.open} onClick={choice.open ? choice.end : choice.begin} /></Tooltip>
          <Tooltip title={t("editor.versions")}><Button type="text" icon={<HistoryOutlined />} aria-label={t("editor.versions")} onClick={() => void stored().then(() => setOpen("versions"))} /></Tooltip>
          <Tooltip title={`${t("editor.help")} (?)`}><Button type="text" icon={<QuestionCircleOutlined />} aria-label={t("editor.help")} onClick={() => setOpen("help")} /></Tooltip>
          <ShareButton recording={recording} />
          <ExportButton recording={recording} before={stored} />
        </Space>
      </header>
      {state.kind === "conflict" && (
        <Conflict
          id={recording.id}
          mine={doc}
          newest={state.newest}
          keepMine={() => void saver.keepMine()}
          takeTheirs={() => {
            forget();
            reload();
          }}
        />
      )}
      <PlayerBar id={recording.id} player={player} doc={doc} follow={follow} setFollow={setFollow} />
      {open === "find" && <FindBar doc={doc} edit={edit} list={list} whole={whole} close={() => setOpen(null)} />}
      <div className="editor-body" data-tab={tab}>
        <Segments list={list} whole={whole} doc={doc} edit={edit} player={player} follow={follow} choice={choice} />
        <Side tab={tab} setTab={setTab} recording={recording} doc={doc} edit={edit} player={player} jump={jump} stored={stored} base={() => saver.base()[0]} renewed={renewed} />
      </div>
      {choice.open && <BulkBar choice={choice} doc={doc} edit={edit} />}
      {open === "versions" && <VersionsDrawer id={recording.id} edit={edit} close={() => setOpen(null)} />}
      {open === "help" && <KeysHelp close={() => setOpen(null)} />}
    </div>
  );
}

/** Call `then` when a job that was open here is done. */
function useWhenDone(status: string | undefined, then: () => Promise<void>) {
  const before = useRef(status);
  useEffect(() => {
    const open = before.current === "queued" || before.current === "running";
    before.current = status;
    if (open && status === "done") void then();
  }); // it looks at every render: `then` is another one each time
}

function SaveNote({ state }: { state: SaveState }) {
  const { t } = useTranslation();
  const messages = useMessages();
  const text = {
    saved: () => t("editor.saved"),
    saving: () => t("editor.saving"),
    unsaved: () => t("editor.unsaved"),
    conflict: () => t("editor.unsaved"),
    failed: () => t("editor.saveFailed") + (state.kind === "failed" ? messages.of(state.error) : ""),
  }[state.kind]();
  return <span className={`save-note ${state.kind}`} role="status">{text}</span>;
}
