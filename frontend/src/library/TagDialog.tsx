// The tags of the chosen recordings: give, take away, make new ones, rename and delete.
import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Checkbox, Input, Modal, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { NameDialog } from "./NameDialog";
import { createTag, deleteTag, organize, renameTag, useOrganizing, useTags } from "./organize";

interface TagDialogProps {
  readonly recordings: readonly { readonly id: string; readonly tags: readonly Schemas["TagOut"][] }[];
  readonly done: () => void;
  readonly close: () => void;
}

export function TagDialog({ recordings, done, close }: TagDialogProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const tags = useTags();
  const [changes, setChanges] = useState<Readonly<Record<string, boolean>>>({});
  const [typed, setTyped] = useState("");
  const [renaming, setRenaming] = useState<Schemas["TagOut"] | null>(null);
  const save = useOrganizing(organize, done);
  const rename = useOrganizing(renameTag, () => setRenaming(null));
  const remove = useOrganizing(deleteTag);
  const create = useOrganizing(async (name: string) => {
    const tag = await createTag(name);
    setTyped("");
    setChanges((before) => ({ ...before, [tag.id]: true }));
  });
  const idsOf = (wanted: boolean) => Object.keys(changes).filter((id) => changes[id] === wanted);
  const addTyped = () => typed.trim() && create.mutate(typed);

  return (
    <Modal
      open
      title={t("organize.tagsOf", { count: recordings.length })}
      okText={t("app.save")}
      confirmLoading={save.isPending}
      onCancel={close}
      onOk={() =>
        Object.keys(changes).length === 0
          ? close()
          : save.mutate({
              recording_ids: recordings.map(({ id }) => id),
              add_tags: idsOf(true),
              remove_tags: idsOf(false),
            })
      }
    >
      <ul className="tag-list">
        {tags.map((tag) => {
          const having = recordings.filter((one) => one.tags.some(({ id }) => id === tag.id)).length;
          const changed = changes[tag.id];
          return (
            <li key={tag.id}>
              <Checkbox
                checked={changed ?? having === recordings.length}
                indeterminate={changed === undefined && having > 0 && having < recordings.length}
                onChange={(event) => setChanges({ ...changes, [tag.id]: event.target.checked })}
              >
                {tag.name}
              </Checkbox>
              <Button
                type="text"
                size="small"
                icon={<EditOutlined />}
                aria-label={t("library.renameOf", { name: tag.name })}
                onClick={() => setRenaming(tag)}
              />
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                aria-label={t("organize.deleteTag", { name: tag.name })}
                onClick={() =>
                  void modal.confirm({
                    title: t("organize.deleteTag", { name: tag.name }),
                    content: t("organize.deleteTagAbout", { count: tag.recordings }),
                    okText: t("library.delete"),
                    okButtonProps: { danger: true },
                    onOk: async () => {
                      setChanges(({ [tag.id]: _, ...others }) => others);
                      await remove.mutateAsync(tag.id).catch(() => {});
                    },
                  })
                }
              />
            </li>
          );
        })}
      </ul>
      <Space.Compact block>
        <Input
          value={typed}
          maxLength={64}
          placeholder={t("organize.newTag")}
          aria-label={t("organize.newTag")}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={addTyped}
        />
        <Button icon={<PlusOutlined aria-hidden />} loading={create.isPending} onClick={addTyped}>
          {t("organize.addTag")}
        </Button>
      </Space.Compact>
      {renaming && (
        <NameDialog
          title={t("organize.renameTag")}
          name={renaming.name}
          busy={rename.isPending}
          save={(name) => rename.mutate({ id: renaming.id, name })}
          close={() => setRenaming(null)}
        />
      )}
    </Modal>
  );
}
