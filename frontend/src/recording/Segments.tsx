// The text: clicked to be heard, changed in place. One set of listeners for all rows.
import { Empty } from "antd";
import { memo, useCallback, useEffect, useMemo, useRef, useState, type MouseEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { blocksOf, type Block } from "../document/blocks";
import { mergeWithNext, remove, setText, split } from "../document/edit";
import { timeAt } from "../document/time";
import type { Doc } from "../document/types";
import type { Choice } from "./choice";
import { caretIn, light, lighter, setCaret } from "./heard";
import { colourOf, useNames } from "./names";
import type { Player } from "./player";
import { idOf, wordsOf } from "./rows";
import { SegmentRow, useRowTexts, type RowTexts } from "./SegmentRow";
import { SpeakerMenu } from "./SpeakerMenu";
import type { Edit } from "./useEditor";

/** A pause in typing after which the text is taken over. */
const TYPING_PAUSE = 1200;
/** Blocks that are there at once; the others follow while nothing else is to do. */
const AT_ONCE = 1;
const A_STEP = 2;
/** About the height of a row, for those that are not there yet. */
const ROW_HEIGHT = 76;

interface Shown {
  list: RefObject<HTMLDivElement | null>;
  doc: Doc;
  edit: Edit;
  player: Player;
  follow: boolean;
  choice: Choice;
  /** Where all rows have to be there, whatever that takes. */
  whole: RefObject<() => void>;
}

export function Segments({ list, doc, edit, player, follow, choice, whole }: Shown) {
  const { t } = useTranslation();
  const texts = useRowTexts();
  const blocks = useBlocks(doc);
  const ready = useReady(blocks.length, whole);
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
    const words = wordsOf(row)!;
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
      const rows = [...list.current!.querySelectorAll<HTMLElement>(".segment")];
      const number = rows.indexOf(row);
      edit((before) => remove(before, [id]));
      wordsOf(rows[number + 1] ?? rows[number - 1])?.focus();
    }
  }

  function click(event: MouseEvent) {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>("[data-segment]");
    if (!row || chooses(event, row)) return;
    const action = target.closest<HTMLElement>("[data-action]")?.dataset.action;
    if (action) return act(action, row);
    const words = target.closest<HTMLElement>(".words");
    const segment = words && doc.segments.find((one) => one.id === row.dataset.segment);
    if (segment && getSelection()?.isCollapsed && words.textContent === segment.text) player.seek(timeAt(segment, caretIn(words)));
  }

  /** Ctrl or a checkbox chooses one more, Shift all up to here. */
  function chooses(event: MouseEvent, row: HTMLElement): boolean {
    const id = row.dataset.segment!;
    const box = (event.target as Element).closest("[data-action=choose]");
    if (event.shiftKey && (choice.last ?? focused) && (choice.last ?? focused) !== id) {
      choice.upTo(id, focused);
      return true;
    }
    if (!box && !event.ctrlKey && !event.metaKey) return false;
    choice.toggle(id);
    return true;
  }

  return (
    <>
      <div
        ref={list}
        role="list"
        className="segments"
        spellCheck={false}
        aria-label={t("editor.segments")}
        onMouseDown={(event) => {
          const target = event.target as Element;
          const id = idOf(target);
          const across = event.shiftKey && id !== null && (choice.last ?? focused ?? id) !== id;
          // The caret stays where it is while a tool is used or segments are chosen.
          if (across || event.ctrlKey || event.metaKey || target.closest("[data-action]:not([data-action=speaker])")) event.preventDefault();
        }}
        onClick={click}
        onFocus={(event) => setFocused(idOf(event.target))}
        onBlur={(event) => event.target.classList.contains("words") && commit(event.target)}
        onInput={(event) => {
          const words = event.target as HTMLElement;
          if (!words.classList.contains("words")) return;
          clearTimeout(typing.current);
          typing.current = window.setTimeout(() => commit(words), TYPING_PAUSE);
        }}
      >
        {blocks.map((block, number) =>
          number < ready ? (
            <Rows
              key={block.key}
              block={block}
              speakers={doc.speakers}
              texts={texts}
              focused={block.segments.some((one) => one.id === focused) ? focused : null}
              chosen={choice.open ? choice.ids : null}
            />
          ) : (
            <div key={block.key} role="none" style={{ height: block.segments.length * ROW_HEIGHT }} />
          ),
        )}
      </div>
      {doc.segments.length === 0 && <Empty description={t("editor.empty")} />}
      {menu && <SpeakerMenu ids={[menu.segment]} doc={doc} edit={edit} at={menu.at} close={() => setMenu(null)} />}
    </>
  );
}

interface OfBlock {
  block: Block;
  speakers: Doc["speakers"];
  texts: RowTexts;
  focused: string | null;
  chosen: ReadonlySet<string> | null;
}

const Rows = memo(function Rows({ block, speakers, texts, focused, chosen }: OfBlock) {
  const nameOf = useNames(speakers);
  return (
    <div role="none" className="block" style={{ containIntrinsicBlockSize: `auto ${block.segments.length * ROW_HEIGHT}px` }}>
      {block.segments.map((segment) => (
        <SegmentRow
          key={segment.id}
          segment={segment}
          name={nameOf(segment.speaker)}
          second={segment.second_speaker ? nameOf(segment.second_speaker) : null}
          colour={colourOf(speakers, segment.speaker)}
          texts={texts}
          focused={segment.id === focused}
          chosen={chosen && chosen.has(segment.id)}
          nobody={speakers.length === 0}
        />
      ))}
    </div>
  );
});

/** The document in blocks; those in which nothing changed are the same as before. */
function useBlocks(doc: Doc): Block[] {
  const before = useRef<Block[]>([]);
  const blocks = useMemo(() => blocksOf(doc.segments, before.current), [doc.segments]);
  useEffect(() => {
    before.current = blocks;
  }, [blocks]);
  return blocks;
}

/** How many blocks are there: few at first, so that the page stands at once, then all. */
function useReady(all: number, whole: RefObject<() => void>): number {
  const [ready, setReady] = useState(AT_ONCE);
  useEffect(() => {
    whole.current = () => setReady(Infinity);
    if (ready >= all) return;
    const timer = setTimeout(() => setReady(ready + A_STEP));
    return () => clearTimeout(timer);
  }, [ready, all, whole]);
  return ready;
}
