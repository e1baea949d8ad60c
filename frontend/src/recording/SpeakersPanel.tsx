// The speakers of the document: rename, merge, add and play.
import { LeftOutlined, MergeCellsOutlined, PlusOutlined, RightOutlined, SoundOutlined } from "@ant-design/icons";
import { Button, Dropdown, Input, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../app/formats";
import { addSpeaker, mergeSpeakers, renameSpeaker } from "../document/edit";
import { formatTime } from "../document/time";
import { turnOf } from "../document/turns";
import type { Doc, Segment } from "../document/types";
import { colorOf, useNames } from "./names";
import type { Player } from "./player";
import type { Edit } from "./useEditor";

interface SpeakersPanelProps {
  doc: Doc;
  edit: Edit;
  player: Player;
  playSamples: (speaker: string) => void;
  jump: (segment: Segment) => void;
  children?: ReactNode;
}

export function SpeakersPanel({ doc, edit, player, playSamples, jump, children }: SpeakersPanelProps) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);

  const formats = useFormats();
  const spoken = doc.segments.reduce((sum, one) => sum + one.end - one.start, 0);

  return (
    <section className="panel">
      <h2>{t("editor.speakers")}</h2>
      <ul className="speakers">
        {doc.speakers.map((speaker) => {
          const name = nameOf(speaker.id);
          const segments = doc.segments.filter((one) => one.speaker === speaker.id);
          const seconds = segments.reduce((sum, one) => sum + one.end - one.start, 0);
          const turn = (by: 1 | -1) => {
            const found = turnOf(doc, speaker.id, player.time(), by);
            if (found) jump(found);
          };
          const others = doc.speakers.filter((one) => one.id !== speaker.id);
          return (
            <li key={speaker.id}>
              <i className="dot" style={{ background: colorOf(doc.speakers, speaker.id) }} />
              <div className="speaker-facts">
                <Input
                  key={speaker.name ?? ""}
                  size="small"
                  variant="borderless"
                  defaultValue={speaker.name ?? ""}
                  placeholder={name}
                  maxLength={64}
                  aria-label={t("editor.renameOf", { name })}
                  onPressEnter={(event) => event.currentTarget.blur()}
                  onBlur={(event) => {
                    const fresh = event.target.value;
                    edit((before) => renameSpeaker(before, speaker.id, fresh));
                  }}
                />
                <small>
                  {t("editor.share", {
                    percent: formats.percent(spoken > 0 ? Math.round((seconds / spoken) * 100) / 100 : 0),
                    time: formatTime(seconds),
                    count: segments.length,
                  })}
                </small>
              </div>
              <Tooltip title={t("editor.previousTurn", { name })}>
                <Button
                  size="small"
                  type="text"
                  icon={<LeftOutlined />}
                  disabled={segments.length === 0}
                  aria-label={t("editor.previousTurn", { name })}
                  onClick={() => turn(-1)}
                />
              </Tooltip>
              <Tooltip title={t("editor.nextTurn", { name })}>
                <Button
                  size="small"
                  type="text"
                  icon={<RightOutlined />}
                  disabled={segments.length === 0}
                  aria-label={t("editor.nextTurn", { name })}
                  onClick={() => turn(1)}
                />
              </Tooltip>
              <Tooltip title={t("editor.listen", { name })}>
                <Button
                  size="small"
                  type="text"
                  icon={<SoundOutlined />}
                  disabled={segments.length === 0}
                  aria-label={t("editor.listen", { name })}
                  onClick={() => playSamples(speaker.id)}
                />
              </Tooltip>
              <Dropdown
                trigger={["click"]}
                disabled={others.length === 0}
                menu={{
                  items: [
                    {
                      key: "title",
                      type: "group" as const,
                      label: t("editor.mergeInto"),
                      children: others.map((one) => ({
                        key: one.id,
                        label: nameOf(one.id),
                        onClick: () => edit((before) => mergeSpeakers(before, speaker.id, one.id)),
                      })),
                    },
                  ],
                }}
              >
                <Button
                  size="small"
                  type="text"
                  icon={<MergeCellsOutlined />}
                  aria-label={t("editor.mergeOf", { name })}
                />
              </Dropdown>
            </li>
          );
        })}
      </ul>
      <Button
        size="small"
        type="dashed"
        block
        icon={<PlusOutlined />}
        onClick={() => edit((before) => addSpeaker(before))}
      >
        {t("editor.addSpeaker")}
      </Button>
      {children}
    </section>
  );
}
