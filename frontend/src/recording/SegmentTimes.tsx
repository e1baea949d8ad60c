// The start and the end of a segment: typed, moved by the arrow keys, or taken from the player.
import { AimOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef, Popover, Tooltip } from "antd";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatPreciseTime, parseTime } from "../document/time";
import { setEnd, setStart } from "../document/times";
import type { Segment } from "../document/types";
import type { Player } from "./player";
import type { Edit } from "./useEditor";

interface SegmentTimesProps {
  segment: Segment;
  edit: Edit;
  player: Player;
  at: DOMRect;
  close: () => void;
}

export function SegmentTimes({ segment, edit, player, at, close }: SegmentTimesProps) {
  const { t } = useTranslation();
  const first = useRef<InputRef>(null);
  useEffect(() => first.current?.focus(), []);
  const [start, end] = [setStart, setEnd].map(
    (move) => (time: number) => edit((doc) => move(doc, segment.id, Math.round(time * 1000) / 1000)),
  ) as [(time: number) => void, (time: number) => void];
  return (
    <Popover
      open
      trigger="click"
      placement="bottomRight"
      title={t("editor.times")}
      onOpenChange={(open) => !open && close()}
      content={
        <div
          className="segment-times"
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            close();
          }}
        >
          <TimeField
            field={first}
            label={t("editor.start")}
            here={t("editor.startHere")}
            value={segment.start}
            move={start}
            player={player}
            close={close}
          />
          <TimeField
            label={t("editor.end")}
            here={t("editor.endHere")}
            value={segment.end}
            move={end}
            player={player}
            close={close}
          />
          <small>{t("editor.timesAbout")}</small>
        </div>
      }
    >
      <span className="anchor" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
    </Popover>
  );
}

interface TimeFieldProps {
  field?: React.Ref<InputRef>;
  label: string;
  here: string;
  value: number;
  move: (time: number) => void;
  player: Player;
  close: () => void;
}

function TimeField({ field, label, here, value, move, player, close }: TimeFieldProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | null>(null);
  const time = typed === null ? value : parseTime(typed);
  const take = () => {
    if (typed !== null && time !== null) move(time);
    setTyped(null);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault(); // or the shortcuts of the text would take it
      take();
      close();
    }
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction || time === null) return;
    event.preventDefault();
    move(time + direction * (event.shiftKey ? 1 : 0.1));
    setTyped(null);
  };
  return (
    <div className="time-field">
      <label>
        {label}
        <Input
          ref={field}
          size="small"
          inputMode="decimal"
          value={typed ?? formatPreciseTime(value)}
          status={time === null ? "error" : ""}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={take}
          onKeyDown={press}
        />
      </label>
      <Tooltip title={here}>
        <Button size="small" icon={<AimOutlined />} aria-label={here} onClick={() => move(player.time())}>
          {t("editor.here")}
        </Button>
      </Tooltip>
    </div>
  );
}
