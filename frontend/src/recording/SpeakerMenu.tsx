// A menu that assigns a speaker to segments, at a position on the page.
import { Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { addSpeaker, setSpeaker } from "../document/edit";
import type { Doc } from "../document/types";
import { colorOf, useNames } from "./names";
import type { Edit } from "./useEditor";

interface SpeakerMenuProps {
  ids: readonly string[];
  doc: Doc;
  edit: Edit;
  at: DOMRect;
  close: () => void;
}

export function SpeakerMenu({ ids, doc, edit, at, close }: SpeakerMenuProps) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  const chosen = new Set(ids);
  const now = new Set(doc.segments.filter((one) => chosen.has(one.id)).map((one) => one.speaker ?? ""));
  return (
    <Dropdown
      open
      autoFocus
      trigger={["click"]}
      onOpenChange={(open) => !open && close()}
      menu={{
        selectable: true,
        className: "speaker-menu",
        selectedKeys: now.size === 1 ? [...now] : [],
        items: [
          ...doc.speakers.map((speaker) => ({
            key: speaker.id,
            label: nameOf(speaker.id),
            icon: <i className="dot" style={{ background: colorOf(doc.speakers, speaker.id) }} />,
          })),
          { key: "", label: t("editor.unknown") },
          { type: "divider" as const },
          { key: "+", label: t("editor.newSpeaker") },
        ],
        onClick: ({ key }) => {
          close();
          edit((before) => {
            if (key !== "+") return setSpeaker(before, ids, key || null);
            const more = addSpeaker(before);
            return setSpeaker(more, ids, more.speakers.at(-1)!.id);
          });
        },
      }}
    >
      <span className="anchor" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
    </Dropdown>
  );
}
