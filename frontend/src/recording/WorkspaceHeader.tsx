// The head of the workspace: what is open, whether it is saved, and what can be done with it.
import {
  ArrowLeftOutlined,
  CheckSquareOutlined,
  HistoryOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  SearchOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError, type Recording } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { useFormats } from "../app/formats";
import { titleOf } from "../app/recordingTitle";
import type { Doc } from "../document/types";
import { useRenameDialog } from "../library/RecordingActions";
import { useNames } from "./names";
import type { SaveState } from "./saver";
import { shortcutLabel } from "./shortcutLabel";
import { WrittenFormSwitch } from "./WrittenFormSwitch";

/** Names of speakers shown before "+2". */
const SHOWN_NAMES = 3;

interface WorkspaceHeaderProps {
  recording: Recording;
  doc: Doc;
  user: string;
  state: SaveState;
  undo: (() => void) | null;
  redo: (() => void) | null;
  selecting: boolean;
  onSelect: () => void;
  onFind: () => void;
  onVersions: () => void;
  onHelp: () => void;
  onPeople: () => void;
  /** Share, export, and the menu with everything else. */
  children: ReactNode;
}

export function WorkspaceHeader(props: WorkspaceHeaderProps) {
  const { recording, doc, user, state, undo, redo, selecting } = props;
  const { t } = useTranslation();
  const formats = useFormats();
  const rename = useRenameDialog(recording);
  const nameOf = useNames(doc.speakers);
  const more = doc.speakers.length - SHOWN_NAMES;
  return (
    <header className="editor-head">
      <Link className="back" to="/" aria-label={t("app.toLibrary")}>
        <ArrowLeftOutlined />
      </Link>
      <div className="editor-title">
        <h1>
          <button type="button" onClick={rename} title={t("library.rename")}>
            {titleOf(recording.name)}
          </button>
        </h1>
        <p>
          <span>{formats.dateTime(recording.created_at)}</span>
          <span title={t("editor.language")}>{formats.language(doc.language)}</span>
          {doc.speakers.length > 0 && (
            <button type="button" onClick={props.onPeople} title={t("editor.speakers")}>
              {doc.speakers
                .slice(0, SHOWN_NAMES)
                .map((one) => nameOf(one.id))
                .join(t("app.comma"))}
              {more > 0 && ` +${more}`}
            </button>
          )}
          <SaveStatus state={state} />
        </p>
      </div>
      <div className="editor-tools">
        <Tool name={t("editor.undo")} keys="Ctrl+Z" icon={<UndoOutlined />} onClick={undo} />
        <Tool name={t("editor.redo")} keys="Ctrl+Y" icon={<RedoOutlined />} onClick={redo} />
        <Tool name={t("editor.find")} keys="Ctrl+F" icon={<SearchOutlined />} onClick={props.onFind} />
        <Tool
          name={t("bulk.begin")}
          keys="Alt+X"
          icon={<CheckSquareOutlined />}
          pressed={selecting}
          onClick={props.onSelect}
        />
        <span className="roomy">
          <WrittenFormSwitch user={user} />
          <Tool name={t("editor.versions")} icon={<HistoryOutlined />} onClick={props.onVersions} />
          <Tool name={t("editor.help")} keys="?" icon={<QuestionCircleOutlined />} onClick={props.onHelp} />
        </span>
        {props.children}
      </div>
    </header>
  );
}

interface ToolProps {
  name: string;
  keys?: string;
  icon: ReactNode;
  pressed?: boolean;
  /** null while there is nothing to do. */
  onClick: (() => void) | null;
}

function Tool({ name, keys, icon, pressed, onClick }: ToolProps) {
  return (
    <Tooltip title={keys ? `${name} (${shortcutLabel(keys)})` : name}>
      <Button
        type="text"
        icon={icon}
        aria-label={name}
        aria-pressed={pressed}
        disabled={!onClick}
        onClick={onClick ?? undefined}
      />
    </Tooltip>
  );
}

function SaveStatus({ state }: { state: SaveState }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const text = {
    saved: () => t("editor.saved"),
    saving: () => t("editor.saving"),
    unsaved: () => t("editor.unsaved"),
    conflict: () => t("editor.unsaved"),
    failed: () => {
      if (state.kind !== "failed") return "";
      // The banner says the rest.
      if (state.error instanceof ApiError && state.error.code === "offline") return t("editor.saveOffline");
      return t("editor.saveFailed") + messages.textOf(state.error);
    },
  }[state.kind]();
  return (
    <span className={`save-status ${state.kind}`} role="status">
      {text}
    </span>
  );
}
