// The text: clicked to be heard, changed in place. One set of listeners for all rows.
import { Dropdown, Empty } from "antd";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { addSpeaker, mergeWithNext, remove, setSpeaker, setText, split } from "../document/edit";
import { timeAt } from "../document/time";
import type { Doc } from "../document/types";
import { caretIn, light, lighter, setCaret } from "./heard";
import { colourOf, useNames } from "./names";
import type { Player } from "./player";
import { SegmentRow, useRowTexts } from "./SegmentRow";
import type { Edit } from "./useEditor";

/** A pause in typing after which the text is taken over. */
const TYPING_PAUSE = 1200;

interface Shown {
  list: RefObject<HTMLOListElement | null>;
  doc: Doc;
  edit: Edit;
  player: Player;
  follow: boolean;
}

export function Segments({ list, doc, edit, player, follow }: Shown) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  const texts = useRowTexts();
  const [focused, setFocused] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ segment: string; at: DOMRect } | null>(null);
  const typing = useRef(0);
  const newest = useRef({ doc, follow });
  useEffect(() => {
    newest.current = { doc, follow };
  });

  useEffect(() => {
    const { tick, stop } = lighter(list.current!, () => newest.current.doc.segments, (row) => {
      if (newest.current.follow && !player.audio.paused && !list.current?.contains(document.activeElement)) row.scrollIntoView({ block: "center", behavior: "smooth" });
    });
    const silence = player.onTick(tick);
    return () => {
      silence();
      stop();
      light("found", []);
    };
  }, [list, player]);

  const commit = useCallback(
    (words: HTMLElement) => {
      clearTimeout(typing.current);
      const id = idOf(words);
      if (id) edit((before) => setText(before, id, words.textContent));
    },
    [edit],
  );

  function act(action: string, row: HTMLElement) {
    const id = row.dataset.segment!;
    const words = row.querySelector<HTMLElement>(".words")!;
    const text = words.textContent;
    if (action === "play") {
      player.seek(doc.segments.find((one) => one.id === id)?.start ?? 0);
      player.play();
    } else if (action === "speaker") {
      setMenu({ segment: id, at: row.querySelector(".speaker")!.getBoundingClientRect() });
    } else if (action === "split") {
      const offset = caretIn(words);
      edit((before) => split(setText(before, id, text), id, offset));
    } else if (action === "merge") {
      edit((before) => mergeWithNext(setText(before, id, text), id));
      requestAnimationFrame(() => setCaret(words, text.length));
    } else if (action === "remove") {
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector<HTMLElement>(".words");
      edit((before) => remove(before, [id]));
      next?.focus();
    }
  }

  return (
    <>
      <ol
        ref={list}
        className="segments"
        spellCheck={false}
        aria-label={t("editor.segments")}
        onMouseDown={(event) => {
          // The caret stays where it is while a tool is used.
          if ((event.target as Element).closest("[data-action]:not([data-action=speaker])")) event.preventDefault();
        }}
        onClick={(event) => {
          const target = event.target as Element;
          const row = target.closest<HTMLElement>("[data-segment]");
          if (!row) return;
          const action = target.closest<HTMLElement>("[data-action]")?.dataset.action;
          if (action) return act(action, row);
          const words = target.closest<HTMLElement>(".words");
          const segment = words && doc.segments.find((one) => one.id === row.dataset.segment);
          if (segment && getSelection()?.isCollapsed && words.textContent === segment.text) player.seek(timeAt(segment, caretIn(words)));
        }}
        onFocus={(event) => setFocused(idOf(event.target))}
        onBlur={(event) => event.target.classList.contains("words") && commit(event.target)}
        onInput={(event) => {
          const words = event.target as HTMLElement;
          clearTimeout(typing.current);
          typing.current = window.setTimeout(() => commit(words), TYPING_PAUSE);
        }}
      >
        {doc.segments.map((segment) => (
          <SegmentRow
            key={segment.id}
            segment={segment}
            name={nameOf(segment.speaker)}
            second={segment.second_speaker ? nameOf(segment.second_speaker) : null}
            colour={colourOf(doc.speakers, segment.speaker)}
            texts={texts}
            focused={segment.id === focused}
            nobody={doc.speakers.length === 0}
          />
        ))}
      </ol>
      {doc.segments.length === 0 && <Empty description={t("editor.empty")} />}
      {menu && (
        <Dropdown
          open
          autoFocus
          trigger={["click"]}
          onOpenChange={(open) => !open && setMenu(null)}
          menu={{
            selectable: true,
            selectedKeys: [doc.segments.find((one) => one.id === menu.segment)?.speaker ?? ""],
            items: [
              ...doc.speakers.map((speaker) => ({ key: speaker.id, label: nameOf(speaker.id), icon: <i className="dot" style={{ background: colourOf(doc.speakers, speaker.id) }} /> })),
              { key: "", label: t("editor.unknown") },
              { type: "divider" as const },
              { key: "+", label: t("editor.newSpeaker") },
            ],
            onClick: ({ key }) => {
              setMenu(null);
              edit((before) => {
                if (key !== "+") return setSpeaker(before, [menu.segment], key || null);
                const more = addSpeaker(before);
                return setSpeaker(more, [menu.segment], more.speakers.at(-1)!.id);
              });
            },
          }}
        >
          <span className="anchor" style={{ left: menu.at.left, top: menu.at.top, width: menu.at.width, height: menu.at.height }} />
        </Dropdown>
      )}
    </>
  );
}

function idOf(element: Element): string | null {
  return element.closest<HTMLElement>("[data-segment]")?.dataset.segment ?? null;
}
