// The folders beside the list of recordings: choose one, and make, rename, move and delete them.
import { FolderAddOutlined, FolderOutlined, MoreOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MoveFolderDialog } from "./dialogs";
import { childrenOf, type Folder, listed, MAX_LEVELS, pathOf } from "./folderTree";
import { NameDialog } from "./NameDialog";
import { changeFolder, createFolder, deleteFolder, useOrganizing } from "./organize";
import { UNFILED } from "./view";

interface FolderTreeProps {
  readonly folders: readonly Folder[];
  readonly chosen: string;
  readonly choose: (folder: string) => void;
}

type Dialog = { kind: "new"; parent: Folder | null } | { kind: "rename" | "move"; folder: Folder };

export function FolderTree({ folders, chosen, choose }: FolderTreeProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const close = () => setDialog(null);
  const create = useOrganizing(createFolder, close);
  const change = useOrganizing(changeFolder, close);
  const remove = useOrganizing(deleteFolder);

  const entry = (key: string, label: string, count?: number) => (
    <button
      type="button"
      className="folder-name"
      aria-current={chosen === key ? "true" : undefined}
      onClick={() => choose(key)}
    >
      {count !== undefined && <FolderOutlined aria-hidden />} <span>{label}</span>
      {count !== undefined && <small>{count}</small>}
    </button>
  );

  const actionsOf = (folder: Folder) => [
    ...(pathOf(folders, folder.id).length < MAX_LEVELS
      ? [
          {
            key: "new",
            label: t("organize.newInside"),
            onClick: () => setDialog({ kind: "new", parent: folder }),
          },
        ]
      : []),
    { key: "rename", label: t("library.rename"), onClick: () => setDialog({ kind: "rename", folder }) },
    { key: "move", label: t("organize.move"), onClick: () => setDialog({ kind: "move", folder }) },
    {
      key: "delete",
      danger: true,
      label: t("library.delete"),
      onClick: () =>
        void modal.confirm({
          title: t("organize.deleteFolder", { name: folder.name }),
          content: t("organize.deleteFolderAbout"),
          okText: t("library.delete"),
          okButtonProps: { danger: true },
          onOk: async () => {
            if (chosen === folder.id || listed(folders, folder.id).some(({ id }) => id === chosen)) choose("");
            await remove.mutateAsync(folder.id).catch(() => {});
          },
        }),
    },
  ];

  const level = (parent: string | null) => (
    <ul>
      {childrenOf(folders, parent).map((one) => (
        <li key={one.id}>
          <div className="folder-row">
            {entry(one.id, one.name, one.recordings)}
            <Dropdown trigger={["click"]} menu={{ items: actionsOf(one) }}>
              <Button
                type="text"
                size="small"
                icon={<MoreOutlined />}
                aria-label={t("organize.actionsOf", { name: one.name })}
              />
            </Dropdown>
          </div>
          {childrenOf(folders, one.id).length > 0 && level(one.id)}
        </li>
      ))}
    </ul>
  );

  return (
    <nav className="folder-tree" aria-label={t("organize.folders")}>
      <ul>
        <li>{entry("", t("organize.all"))}</li>
        {folders.length > 0 && <li>{entry(UNFILED, t("organize.unfiled"))}</li>}
      </ul>
      {folders.length > 0 && level(null)}
      <Button
        type="text"
        size="small"
        icon={<FolderAddOutlined aria-hidden />}
        onClick={() => setDialog({ kind: "new", parent: null })}
      >
        {t("organize.newFolder")}
      </Button>
      {dialog?.kind === "new" && (
        <NameDialog
          title={dialog.parent ? t("organize.newInsideOf", { name: dialog.parent.name }) : t("organize.newFolder")}
          busy={create.isPending}
          save={(name) => create.mutate({ name, parent_id: dialog.parent?.id ?? null })}
          close={close}
        />
      )}
      {dialog?.kind === "rename" && (
        <NameDialog
          title={t("organize.renameFolder")}
          name={dialog.folder.name}
          busy={change.isPending}
          save={(name) => change.mutate({ id: dialog.folder.id, name })}
          close={close}
        />
      )}
      {dialog?.kind === "move" && (
        <MoveFolderDialog
          folders={folders}
          folder={dialog.folder}
          busy={change.isPending}
          move={(parent_id) => change.mutate({ id: dialog.folder.id, parent_id })}
          close={close}
        />
      )}
    </nav>
  );
}
