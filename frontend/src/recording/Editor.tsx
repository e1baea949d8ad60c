// Working on one transcript: the player above, the text, and beside it who speaks and what to look at.
import { QuestionCircleOutlined, RedoOutlined, SearchOutlined, UndoOutlined, HistoryOutlined, DownloadOutlined, ArrowLeftOutlined } from "@ant-design/icons";
import { Alert, Button, Dropdown, Space, Tooltip } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recording } from "../api/client";
import { useMessages } from "../api/messages";
import { useRename } from "../library/Actions";
import { setSpeaker, setText } from "../document/edit";
import { segmentAt } from "../document/time";
import type { Segment } from "../document/types";
import { useExport } from "./exports";
import { FindBar } from "./FindBar";
import { commandOf } from "./keys";
import { KeysHelp } from "./KeysHelp";
import { MarksPanel } from "./MarksPanel";
import { Player } from "./player";
import { PlayerBar } from "./PlayerBar";
import type { SaveState } from "./saver";
import { Segments } from "./Segments";
import { SpeakersPanel } from "./SpeakersPanel";
import { useEditor, type Loaded } from "./useEditor";
import { VersionsDrawer } from "./VersionsDrawer";

export function Editor({ recording, loaded, reload }: { recording: Recording; loaded: Loaded; reload: () => void }) {
  const { t } = useTranslation();
  const [first] = useState(loaded);
  const { doc, saver, state, edit, undo, redo, canUndo, canRedo } = useEditor(recording.id, first);
  const [player] = useState(() => new Player());
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<"find" | "versions" | "help" | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const rename = useRename(recording);
  const exports = useExport(recording, () => {
    commitOpen();
    return new Promise<void>((go) => setTimeout(() => void saver.flush().then(go)));
  });

  /** Take over a text that is being changed right now. */
  function commitOpen() {
    const row = rowOf(document.activeElement);
    if (row) edit((before) => setText(before, row.id, row.words.textContent));
  }

  function press(event: KeyboardEvent) {
    if (event.defaultPrevented || document.querySelector(".ant-modal-wrap:not([style*='display: none']), .ant-drawer-open")) return;
    const target = event.target as HTMLElement;
    const row = rowOf(target.closest(".words"));
    const control = target.closest("input, textarea, select, [role=combobox], [role=menu]");
    const button = event.key === " " && target.closest("button, a, [tabindex='0']:not(.words)");
    const command = button ? null : commandOf(event, row !== null, control !== null);
    if (!command) return;
    const segment = row && doc.segments.find((one) => one.id === row.id);
    // Typing that is not taken over yet is the browser's to undo.
    if ((command.does === "undo" || command.does === "redo") && row && segment && row.words.textContent !== segment.text) return;
    event.preventDefault();
    switch (command.does) {
      case "play": return player.toggle();
      case "back": return player.by(-5);
      case "forward": return player.by(5);
      case "undo": return undo();
      case "redo": return redo();
      case "find": return setOpen("find");
      case "help": return setOpen("help");
      case "save":
        commitOpen();
        setTimeout(() => void saver.flush());
        return;
      case "commit": {
        const next = row?.element.nextElementSibling?.querySelector<HTMLElement>(".words");
        if (next) next.focus();
        else row?.words.blur();
        return;
      }
      case "leave": return row?.words.blur();
      case "up":
      case "down": {
        const all = list.current!.children;
        const now = row ? [...all].indexOf(row.element) : segmentAt(doc.segments, player.audio.currentTime);
        const next = all[Math.max(0, Math.min(all.length - 1, now + (command.does === "up" ? -1 : 1)))];
        next?.querySelector<HTMLElement>(".words")?.focus();
        return;
      }
      case "speaker": {
        const speaker = doc.speakers[command.number - 1];
        if (row && speaker) edit((before) => setSpeaker(before, [row.id], speaker.id));
        return;
      }
      case "split":
      case "merge":
      case "remove":
        // The row's own button does it, with the caret where it is.
        row?.element.querySelector<HTMLElement>(`[data-action=${command.does}]`)?.click();
    }
  }
  const pressed = useRef(press);
  useEffect(() => {
    pressed.current = press;
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed.current(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);

  function jump(segment: Segment) {
    player.seek(segment.start);
    const row = list.current?.children[doc.segments.indexOf(segment)];
    row?.scrollIntoView({ block: "center" });
  }

  return (
    <div className="editor">
      <header className="editor-head">
        <Link to="/" aria-label={t("app.toLibrary")}><ArrowLeftOutlined /></Link>
        <h1><button type="button" onClick={rename} title={t("library.rename")}>{recording.name}</button></h1>
        <SaveNote state={state} />
        <Space size={2} wrap>
          <Tooltip title={`${t("editor.undo")} (Ctrl+Z)`}><Button type="text" icon={<UndoOutlined />} aria-label={t("editor.undo")} disabled={!canUndo} onClick={undo} /></Tooltip>
          <Tooltip title={`${t("editor.redo")} (Ctrl+Y)`}><Button type="text" icon={<RedoOutlined />} aria-label={t("editor.redo")} disabled={!canRedo} onClick={redo} /></Tooltip>
          <Tooltip title={`${t("editor.find")} (Ctrl+F)`}><Button type="text" icon={<SearchOutlined />} aria-label={t("editor.find")} onClick={() => setOpen("find")} /></Tooltip>
          <Tooltip title={t("editor.versions")}><Button type="text" icon={<HistoryOutlined />} aria-label={t("editor.versions")} onClick={() => void saver.flush().then(() => setOpen("versions"))} /></Tooltip>
          <Tooltip title={`${t("editor.help")} (?)`}><Button type="text" icon={<QuestionCircleOutlined />} aria-label={t("editor.help")} onClick={() => setOpen("help")} /></Tooltip>
          <Dropdown trigger={["click"]} menu={{ items: exports }}><Button icon={<DownloadOutlined />}>{t("export.menu")}</Button></Dropdown>
        </Space>
      </header>
      {state.kind === "conflict" && (
        <Alert
          type="warning"
          showIcon
          banner
          title={t("editor.conflict")}
          description={t("editor.conflictAbout")}
          action={
            <Space orientation="vertical">
              <Button size="small" type="primary" onClick={() => void saver.keepMine()}>{t("editor.keepMine")}</Button>
              <Button size="small" onClick={reload}>{t("editor.takeTheirs")}</Button>
            </Space>
          }
        />
      )}
      <PlayerBar id={recording.id} player={player} doc={doc} follow={follow} setFollow={setFollow} />
      {open === "find" && <FindBar doc={doc} edit={edit} list={list} close={() => setOpen(null)} />}
      <div className="editor-body">
        <Segments list={list} doc={doc} edit={edit} player={player} follow={follow} />
        <aside>
          <SpeakersPanel doc={doc} edit={edit} player={player} />
          <MarksPanel doc={doc} jump={jump} />
          <p className="quiet">{t("editor.aiNote")}</p>
        </aside>
      </div>
      {open === "versions" && <VersionsDrawer id={recording.id} edit={edit} close={() => setOpen(null)} />}
      {open === "help" && <KeysHelp close={() => setOpen(null)} />}
    </div>
  );
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

function rowOf(element: Element | null) {
  const row = element?.closest<HTMLElement>("[data-segment]");
  const words = row?.querySelector<HTMLElement>(".words");
  return element?.classList.contains("words") && row && words ? { id: row.dataset.segment!, element: row, words } : null;
}
