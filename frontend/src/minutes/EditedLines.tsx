// The statements of one part as lines that are edited, moved, ticked and deleted.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Checkbox, Dropdown, Input } from "antd";
import { useTranslation } from "react-i18next";
import { formatTime } from "../document/time";
import type { SegmentLinks } from "./citations";
import { type Action, type Item, moved, replaced, withEvidenceMoved } from "./draft";

interface EditedLinesProps<One extends Item> {
  /** The name of the part. */
  name: string;
  items: readonly One[];
  links: SegmentLinks;
  people: readonly string[];
  onChange: (items: One[]) => void;
  /** Each line is a task with an owner, a due date and a tick. */
  tasks?: boolean;
  /** Lines cannot be added or moved. */
  fixed?: boolean;
  most?: number;
  labelOf?: (one: One) => string;
}

const EMPTY: Item = { text: "", evidence: [], doubtful: false };
const EMPTY_TASK: Action = { ...EMPTY, who: "", speaker: null, when: "", due: null, done: false };
/** The type of a dragged chip: the part's name, the line and the segment. */
const CHIP = "application/x-minutes-evidence";

export function EditedLines<One extends Item>(props: EditedLinesProps<One>) {
  const { name, items, links, people, onChange, tasks = false, fixed = false, most = 500, labelOf } = props;
  const { t } = useTranslation();
  const set = (place: number, changes: Partial<Action>) =>
    onChange(replaced(items, place, { ...items[place]!, ...changes }));
  return (
    <>
      <ul className="edited-lines">
        {items.map((one, place) => {
          const number = place + 1;
          const action = one as Partial<Action>;
          return (
            <li
              key={place}
              onDragOver={(event) => event.dataTransfer.types.includes(CHIP) && event.preventDefault()}
              onDrop={(event) => drop(event.dataTransfer.getData(CHIP), place)}
            >
              <div className="edited-line">
                {tasks && (
                  <Checkbox
                    checked={action.done}
                    aria-label={t("minutes.done", { text: one.text })}
                    onChange={(event) => set(place, { done: event.target.checked })}
                  />
                )}
                {labelOf && <strong>{labelOf(one)}</strong>}
                <Input.TextArea
                  aria-label={`${name} ${number}`}
                  value={one.text}
                  maxLength={4000}
                  autoSize
                  onChange={(event) => set(place, { text: event.target.value.replace(/\n/g, " ") })}
                />
              </div>
              {tasks && (
                <div className="edited-task">
                  <AutoComplete
                    aria-label={t("minutes.owner", { number })}
                    placeholder={t("minutes.ownerHint")}
                    value={action.who}
                    maxLength={200}
                    options={people.map((value) => ({ value }))}
                    onChange={(who) => set(place, { who: who ?? "", speaker: null })}
                  />
                  <Input
                    type="date"
                    aria-label={t("minutes.due", { number })}
                    value={action.due ?? ""}
                    onChange={(event) => set(place, { due: event.target.value || null })}
                  />
                  {action.when && !action.due && <small>{t("minutes.when", { when: action.when })}</small>}
                </div>
              )}
              <div className="edited-tools">
                {one.evidence.map((id) => chip(id, place))}
                {!fixed && most > 1 && (
                  <>
                    <Button
                      size="small"
                      type="text"
                      icon={<ArrowUpOutlined />}
                      disabled={place === 0}
                      aria-label={t("minutes.lineUp", { name, number })}
                      onClick={() => onChange(moved(items, place, -1))}
                    />
                    <Button
                      size="small"
                      type="text"
                      icon={<ArrowDownOutlined />}
                      disabled={place === items.length - 1}
                      aria-label={t("minutes.lineDown", { name, number })}
                      onClick={() => onChange(moved(items, place, 1))}
                    />
                  </>
                )}
                <Button
                  size="small"
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t("minutes.lineDelete", { name, number })}
                  onClick={() => onChange(items.toSpliced(place, 1))}
                />
              </div>
            </li>
          );
        })}
      </ul>
      {!fixed && items.length < most && (
        <Button
          size="small"
          type="dashed"
          icon={<PlusOutlined />}
          aria-label={t("minutes.lineAdd", { name })}
          onClick={() => onChange([...items, (tasks ? EMPTY_TASK : EMPTY) as One])}
        >
          {t("minutes.add")}
        </Button>
      )}
    </>
  );

  function drop(dragged: string, to: number) {
    const [part, from, id] = dragged.split("\n");
    if (part === name && id) onChange(withEvidenceMoved(items, Number(from), to, id));
  }

  /** One piece of evidence: it plays, moves to a neighbour, or is taken away; it can also be dragged. */
  function chip(id: string, place: number) {
    const segment = links.find(id);
    const time = segment ? formatTime(segment.start) : "–";
    const take = () => set(place, { evidence: items[place]!.evidence.filter((other) => other !== id) });
    const choices = [
      {
        key: "play",
        label: t("minutes.listen", { time }),
        disabled: !segment,
        run: () => segment && links.play(segment),
      },
      { key: "up", label: t("minutes.chipUp"), disabled: place === 0, run: () => move(-1) },
      { key: "down", label: t("minutes.chipDown"), disabled: place === items.length - 1, run: () => move(1) },
      { key: "take", label: t("minutes.chipDelete"), run: take },
    ];
    function move(by: 1 | -1) {
      onChange(withEvidenceMoved(items, place, place + by, id));
    }
    return (
      <Dropdown
        key={id}
        trigger={["click"]}
        menu={{
          items: choices.map(({ run: _, ...one }) => one),
          onClick: ({ key }) => choices.find((one) => one.key === key)?.run(),
        }}
      >
        <button
          type="button"
          className="citation"
          draggable
          aria-label={t("minutes.chip", { time })}
          onDragStart={(event) => event.dataTransfer.setData(CHIP, [name, place, id].join("\n"))}
        >
          {time}
        </button>
      </Dropdown>
    );
  }
}
