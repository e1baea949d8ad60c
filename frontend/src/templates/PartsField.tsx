// The form field for the sections of minutes and their order, changed by arrows or by dragging.
import { ArrowDownOutlined, ArrowUpOutlined, HolderOutlined } from "@ant-design/icons";
import { Button, Checkbox } from "antd";
import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { allParts, movePart, type Part, placePart, togglePart } from "./parts";

interface PartsFieldProps {
  id?: string;
  value?: Part[];
  onChange?: (parts: Part[]) => void;
}

export function PartsField({ id, value = [], onChange = () => {} }: PartsFieldProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const [moved, setMoved] = useState<{ part: Part; by: 1 | -1 } | null>(null);
  const [dragged, setDragged] = useState<Part | null>(null);
  // A row that moves loses the focus; at either end its arrow is disabled, so the other one gets the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once the rows are in their new order
  useLayoutEffect(() => {
    if (!moved) return;
    const arrows = [moved.by, -moved.by].map((by) =>
      list.current?.querySelector<HTMLButtonElement>(`[data-part="${moved.part}"] [data-by="${by}"]`),
    );
    arrows.find((one) => one && !one.disabled)?.focus();
  }, [moved, value]);

  function shift(part: Part, by: 1 | -1) {
    onChange(movePart(value, part, by));
    setMoved({ part, by });
  }
  return (
    <>
      <ol id={id} ref={list} className="parts-field" aria-label={t("templates.parts")}>
        {allParts(value).map((part) => {
          const place = value.indexOf(part);
          const name = t(`minutes.parts.${part}`);
          return (
            <li
              key={part}
              data-part={part}
              data-dragged={dragged === part || undefined}
              draggable={place >= 0}
              onDragStart={(event) => {
                event.dataTransfer.effectAllowed = "move";
                event.dataTransfer.setData("text/plain", part);
                setDragged(part);
              }}
              onDragOver={(event) => {
                if (dragged === null || place < 0) return;
                event.preventDefault();
                if (dragged !== part) onChange(placePart(value, dragged, place));
              }}
              onDrop={(event) => event.preventDefault()}
              onDragEnd={() => setDragged(null)}
            >
              <HolderOutlined aria-hidden className="holder" data-still={place < 0 || undefined} />
              <Checkbox checked={place >= 0} onChange={() => onChange(togglePart(value, part))}>
                {name}
              </Checkbox>
              <small>{t(`templates.partsAbout.${part}`)}</small>
              {place >= 0 && (
                <span className="arrows">
                  <Button
                    size="small"
                    type="text"
                    icon={<ArrowUpOutlined />}
                    data-by={-1}
                    disabled={place === 0}
                    aria-label={t("templates.up", { name })}
                    onClick={() => shift(part, -1)}
                  />
                  <Button
                    size="small"
                    type="text"
                    icon={<ArrowDownOutlined />}
                    data-by={1}
                    disabled={place === value.length - 1}
                    aria-label={t("templates.down", { name })}
                    onClick={() => shift(part, 1)}
                  />
                </span>
              )}
            </li>
          );
        })}
      </ol>
      <span className="visually-hidden" role="status">
        {moved &&
          t("templates.placed", {
            name: t(`minutes.parts.${moved.part}`),
            place: value.indexOf(moved.part) + 1,
            count: value.length,
          })}
      </span>
    </>
  );
}
