// Where recordings, or a folder, are moved.
import { Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Folder, listed, placesFor } from "./folderTree";
import { organize, useFolders, useOrganizing } from "./organize";

interface PlaceDialogProps {
  readonly title: string;
  readonly places: readonly { id: string; label: string }[];
  /** What the choice of no folder is called. */
  readonly none: string;
  readonly now: string | null;
  readonly busy: boolean;
  readonly move: (folder: string | null) => void;
  readonly close: () => void;
}

function PlaceDialog({ title, places, none, now, busy, move, close }: PlaceDialogProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(now ?? "");
  return (
    <Modal
      open
      title={title}
      okText={t("organize.moveNow")}
      confirmLoading={busy}
      onCancel={close}
      onOk={() => move(chosen || null)}
    >
      <Radio.Group
        className="folder-choice"
        value={chosen}
        onChange={(event) => setChosen(String(event.target.value))}
        options={[{ value: "", label: none }, ...places.map(({ id, label }) => ({ value: id, label }))]}
      />
    </Modal>
  );
}

/** Moves recordings to a folder, or out of every folder. */
export function MoveDialog({
  recordings,
  now,
  done,
  close,
}: {
  recordings: readonly string[];
  now: string | null;
  done: () => void;
  close: () => void;
}) {
  const { t } = useTranslation();
  const folders = useFolders();
  const move = useOrganizing(organize, done);
  return (
    <PlaceDialog
      title={t("organize.moveRecordings", { count: recordings.length })}
      places={listed(folders)}
      none={t("organize.noFolder")}
      now={now}
      busy={move.isPending}
      move={(folder_id) => move.mutate({ recording_ids: [...recordings], add_tags: [], remove_tags: [], folder_id })}
      close={close}
    />
  );
}

export function MoveFolderDialog({
  folders,
  folder,
  busy,
  move,
  close,
}: {
  folders: readonly Folder[];
  folder: Folder;
  busy: boolean;
  move: (parent: string | null) => void;
  close: () => void;
}) {
  const { t } = useTranslation();
  return (
    <PlaceDialog
      title={t("organize.moveFolder", { name: folder.name })}
      places={placesFor(folders, folder)}
      none={t("organize.top")}
      now={folder.parent_id}
      busy={busy}
      move={move}
      close={close}
    />
  );
}
