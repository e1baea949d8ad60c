// The menu of a name in the text: renames the speaker everywhere, or says who else spoke here.
import { FilterOutlined, MergeCellsOutlined, SoundOutlined, StepForwardOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef, Menu, type MenuProps, Popover, Space } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { addSpeaker, mergeSpeakers, renameSpeaker, setSpeaker } from "../document/edit";
import type { Doc } from "../document/types";
import { colorOf, useNames } from "./names";
import type { Edit } from "./useEditor";

interface NameMenuProps {
  segment: string;
  doc: Doc;
  edit: Edit;
  /** The speaker whose segments alone are shown. */
  only: string | null;
  setOnly: (speaker: string | null) => void;
  playSamples: (speaker: string) => void;
  at: DOMRect;
  close: () => void;
}

export function NameMenu({ segment, doc, edit, only, setOnly, playSamples, at, close }: NameMenuProps) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  const index = doc.segments.findIndex((one) => one.id === segment);
  const speaker = doc.speakers.find((one) => one.id === doc.segments[index]?.speaker);
  const input = useRef<InputRef>(null);
  const [name, setName] = useState(speaker?.name ?? "");
  const others = doc.speakers.filter((one) => one.id !== speaker?.id);

  function save() {
    close();
    if (speaker) edit((before) => renameSpeaker(before, speaker.id, name));
  }

  /** This segment, or all that this speaker says from here on. */
  function assign(to: string, onwards: boolean) {
    const ids = doc.segments
      .slice(index, onwards ? undefined : index + 1)
      .filter((one) => (one.speaker ?? null) === (speaker?.id ?? null))
      .map((one) => one.id);
    edit((before) => {
      if (to !== "+") return setSpeaker(before, ids, to || null);
      const more = addSpeaker(before);
      return setSpeaker(more, ids, more.speakers.at(-1)!.id);
    });
  }

  const people = (prefix: string) => [
    ...doc.speakers.map((one) => ({
      key: `${prefix} ${one.id}`,
      label: nameOf(one.id),
      icon: <i className="dot" style={{ background: colorOf(doc.speakers, one.id) }} />,
    })),
    { key: `${prefix} `, label: t("editor.unknown") },
    { key: `${prefix} +`, label: t("editor.newSpeaker") },
  ];
  const items: MenuProps["items"] = [
    { type: "group", label: t("nameMenu.here"), children: people("here") },
    { type: "divider" },
    { key: "onwards", icon: <StepForwardOutlined />, label: t("nameMenu.onwards"), children: people("onwards") },
    ...(speaker
      ? [
          {
            key: "merge",
            icon: <MergeCellsOutlined />,
            label: t("nameMenu.merge"),
            disabled: others.length === 0,
            children: others.map((one) => ({ key: `merge ${one.id}`, label: nameOf(one.id) })),
          },
          {
            key: "only",
            icon: <FilterOutlined />,
            label: only === speaker.id ? t("nameMenu.everybody") : t("nameMenu.only"),
          },
          { key: "samples", icon: <SoundOutlined />, label: t("nameMenu.samples") },
        ]
      : []),
  ];

  function choose(key: string) {
    const [action, to] = key.split(/ (.*)/s, 2) as [string, string | undefined];
    close();
    if (action === "here" || action === "onwards") assign(to ?? "", action === "onwards");
    if (!speaker) return;
    if (action === "merge" && to) edit((before) => mergeSpeakers(before, speaker.id, to));
    if (action === "only") setOnly(only === speaker.id ? null : speaker.id);
    if (action === "samples") playSamples(speaker.id);
  }

  return (
    <Popover
      open
      trigger="click"
      placement="bottomLeft"
      classNames={{ root: "name-menu" }}
      onOpenChange={(open) => !open && close()}
      afterOpenChange={(open) => open && input.current?.focus()}
      content={
        <div role="dialog" aria-label={t("nameMenu.name")} onKeyDown={(event) => event.key === "Escape" && close()}>
          {speaker && (
            <Space.Compact block>
              <Input
                ref={input}
                value={name}
                placeholder={nameOf(speaker.id)}
                maxLength={64}
                aria-label={t("nameMenu.rename", { name: nameOf(speaker.id) })}
                onFocus={(event) => event.target.select()}
                onChange={(event) => setName(event.target.value)}
                onPressEnter={(event) => !event.nativeEvent.isComposing && save()}
              />
              <Button type="primary" onClick={save}>
                {t("nameMenu.renameAll")}
              </Button>
            </Space.Compact>
          )}
          <Menu
            className="speaker-menu"
            mode="vertical"
            triggerSubMenuAction="click"
            selectedKeys={[`here ${speaker?.id ?? ""}`]}
            items={items}
            onClick={({ key }) => choose(key)}
          />
        </div>
      }
    >
      <span className="anchor" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
    </Popover>
  );
}
