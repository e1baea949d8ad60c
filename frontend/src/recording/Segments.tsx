// The segments: click to play, edit in place. One set of listeners serves all rows.
import { Empty } from "antd";
import {
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { type Block, blocksOf } from "../document/blocks";
import { mergeWithNext, remove, setText, split } from "../document/edit";
import { timeAt } from "../document/time";
import type { Doc } from "../document/types";
import type { Span } from "../document/written";
import { NameMenu } from "./NameMenu";
import { colorOf, useNames } from "./names";
import { highlight, playbackHighlighter, setCaret } from "./playbackHighlight";
import type { Player } from "./player";
import { type RowTexts, SegmentRow, useRowTexts } from "./SegmentRow";
import { SegmentTimes } from "./SegmentTimes";
import { rowOf, segmentIdOf, wordsOf } from "./segmentRows";
import { useCopiedWords } from "./useCopiedWords";
import type { Edit } from "./useEditor";
import type { SegmentSelection } from "./useSelection";
import { caretOffset, heardText, showHeard, showsWritten, showWritten } from "./writtenText";

/** Milliseconds without typing after which the text is committed. */
const TYPING_PAUSE = 1200;
/** Blocks rendered at first; the others follow in steps. */
const INITIAL_BLOCKS = 1;
const BLOCKS_PER_STEP = 2;
/** The estimated height of a row that is not rendered yet. */
const ROW_HEIGHT = 76;

interface SegmentsProps {
  list: RefObject<HTMLDivElement | null>;
  doc: Doc;
  edit: Edit;
  player: Player;
  follow: boolean;
  selection: SegmentSelection;
  /** What is written otherwise than it was heard, in a text. */
  spansOf: (text: string) => readonly Span[];
  /** Renders all rows at once; set by this component. */
  renderAll: RefObject<() => void>;
  /** The speaker whose segments alone are shown. */
  only: string | null;
  setOnly: (speaker: string | null) => void;
  playSamples: (speaker: string) => void;
}

export function Segments(props: SegmentsProps) {
  const { list, doc, edit, player, follow, selection, spansOf, renderAll, only, setOnly, playSamples } = props;
  const { t } = useTranslation();
  const texts = useRowTexts();
  const shown = useMemo(
    () => (only === null ? doc.segments : doc.segments.filter((one) => one.speaker === only)),
    [doc.segments, only],
  );
  const blocks = useBlocks(shown);
  const ready = useRenderedBlocks(blocks.length, renderAll);
  const [focused, setFocused] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ segment: string; at: DOMRect } | null>(null);
  const [times, setTimes] = useState<{ segment: string; at: DOMRect } | null>(null);
  const copied = useCopiedWords(list, doc);
  const typing = useRef(0);
  /** The mouse is pressed on a text: until it is released, the text under it stays what it is. */
  const pressed = useRef(false);
  const newest = useRef({ doc, follow });
  useEffect(() => {
    newest.current = { doc, follow };
  });

  useEffect(() => {
    const { tick, stop } = playbackHighlighter(
      list.current!,
      () => newest.current.doc.segments,
      (row) => {
        if (newest.current.follow && !player.audio.paused && !list.current?.contains(document.activeElement))
          row.scrollIntoView({ block: "center", behavior: "smooth" });
      },
    );
    const unsubscribe = player.onTick(tick);
    return () => {
      unsubscribe();
      stop();
      highlight("found", []);
    };
  }, [list, player]);

  useEffect(() => {
    const element = list.current!;
    const release = () => {
      pressed.current = false;
    };
    // What no key announces, as cutting by a menu: first what was heard is shown, and nothing is lost.
    const guard = (event: InputEvent) => {
      const words = textBox(event.target!);
      if (!words || !showsWritten(words)) return;
      event.preventDefault();
      showHeard(words);
    };
    addEventListener("mouseup", release);
    element.addEventListener("beforeinput", guard);
    return () => {
      removeEventListener("mouseup", release);
      element.removeEventListener("beforeinput", guard);
    };
  }, [list]);

  const commit = useCallback(
    (words: HTMLElement) => {
      clearTimeout(typing.current);
      const id = segmentIdOf(words);
      const text = heardText(words);
      const clips = [...copied.current];
      if (id) edit((before) => setText(before, id, text, clips));
    },
    [edit, copied],
  );

  const timed = times && doc.segments.find((one) => one.id === times.segment);
  function closeTimes() {
    setTimes(null);
    wordsOf(rowOf(list.current, times!.segment))?.focus();
  }

  function act(action: string, row: HTMLElement) {
    const id = row.dataset.segment!;
    const words = wordsOf(row)!;
    const text = heardText(words);
    if (action === "play") {
      player.seek(doc.segments.find((one) => one.id === id)?.start ?? 0);
      player.play();
    } else if (action === "speaker") {
      setMenu({ segment: id, at: row.querySelector(".speaker")!.getBoundingClientRect() });
    } else if (action === "split") {
      const offset = caretOffset(words);
      let second: string | undefined;
      flushSync(() =>
        edit((before) => {
          const whole = setText(before, id, text, copied.current);
          const parted = split(whole, id, offset);
          second =
            parted === whole ? undefined : parted.segments[parted.segments.findIndex((one) => one.id === id) + 1]!.id;
          return parted;
        }),
      );
      // Whoever splits goes on with the second half.
      const next = second === undefined ? null : wordsOf(rowOf(list.current, second));
      if (next) setCaret(next, 0);
    } else if (action === "times") {
      setTimes({ segment: id, at: row.querySelector(".tools")!.getBoundingClientRect() });
    } else if (action === "merge" && only === null) {
      edit((before) => mergeWithNext(setText(before, id, text, copied.current), id));
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
    if (!row || selectsSegment(event, row)) return;
    const action = target.closest<HTMLElement>("[data-action]")?.dataset.action;
    if (action) return act(action, row);
    const words = target.closest<HTMLElement>(".words");
    const segment = words && doc.segments.find((one) => one.id === row.dataset.segment);
    if (segment && getSelection()?.isCollapsed && heardText(words) === segment.text)
      player.seek(timeAt(segment, caretOffset(words)));
    // A selection stays in the written text, so that it can be copied.
    if (words && words === document.activeElement && getSelection()?.isCollapsed) showHeard(words);
  }

  function leave(words: HTMLElement) {
    commit(words);
    const segment = newest.current.doc.segments.find((one) => one.id === segmentIdOf(words));
    if (segment?.text === heardText(words)) showWritten(words, segment.text, spansOf(segment.text), texts.heard);
  }

  /** Ctrl or a checkbox toggles a segment, Shift extends the selection. */
  function selectsSegment(event: MouseEvent, row: HTMLElement): boolean {
    const id = row.dataset.segment!;
    const box = (event.target as Element).closest("[data-action=select]");
    if (event.shiftKey && (selection.last ?? focused) && (selection.last ?? focused) !== id) {
      selection.upTo(id, focused);
      return true;
    }
    if (!box && !event.ctrlKey && !event.metaKey) return false;
    selection.toggle(id);
    return true;
  }

  return (
    <>
      <div
        ref={list}
        role="list"
        className="segments"
        lang={doc.language}
        spellCheck={false}
        aria-label={t("editor.segments")}
        onMouseDown={(event) => {
          const target = event.target as Element;
          pressed.current = textBox(target) !== null;
          const id = segmentIdOf(target);
          const across = event.shiftKey && id !== null && (selection.last ?? focused ?? id) !== id;
          // Keep the caret while a tool is used or segments are selected.
          if (across || event.ctrlKey || event.metaKey || target.closest("[data-action]:not([data-action=speaker])"))
            event.preventDefault();
        }}
        onClick={click}
        onFocus={(event) => {
          setFocused(segmentIdOf(event.target));
          const words = textBox(event.target);
          if (words && !pressed.current) showHeard(words);
        }}
        onBlur={(event) => {
          const words = textBox(event.target);
          if (words) leave(words);
        }}
        onKeyDown={(event) => {
          const words = textBox(event.target);
          if (words && mayEdit(event)) showHeard(words);
        }}
        onInput={(event) => {
          const words = textBox(event.target);
          if (!words) return;
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
              spansOf={spansOf}
              focused={block.segments.some((one) => one.id === focused) ? focused : null}
              chosen={selection.open ? selection.ids : null}
            />
          ) : (
            <div key={block.key} role="none" style={{ height: block.segments.length * ROW_HEIGHT }} />
          ),
        )}
      </div>
      {doc.segments.length === 0 && <Empty description={t("editor.empty")} />}
      {times && timed && <SegmentTimes segment={timed} edit={edit} player={player} at={times.at} close={closeTimes} />}
      {menu && (
        <NameMenu
          segment={menu.segment}
          doc={doc}
          edit={edit}
          only={only}
          setOnly={setOnly}
          playSamples={playSamples}
          at={menu.at}
          close={() => {
            setMenu(null);
            rowOf(list.current, menu.segment)?.querySelector<HTMLElement>(".speaker")?.focus();
          }}
        />
      )}
    </>
  );
}

interface RowsProps {
  block: Block;
  speakers: Doc["speakers"];
  texts: RowTexts;
  spansOf: (text: string) => readonly Span[];
  focused: string | null;
  chosen: ReadonlySet<string> | null;
}

const Rows = memo(function Rows({ block, speakers, texts, spansOf, focused, chosen }: RowsProps) {
  const nameOf = useNames(speakers);
  return (
    <div
      role="none"
      className="block"
      style={{ containIntrinsicBlockSize: `auto ${block.segments.length * ROW_HEIGHT}px` }}
    >
      {block.segments.map((segment) => (
        <SegmentRow
          key={segment.id}
          segment={segment}
          name={nameOf(segment.speaker)}
          second={segment.second_speaker ? nameOf(segment.second_speaker) : null}
          color={colorOf(speakers, segment.speaker)}
          texts={texts}
          spans={spansOf(segment.text)}
          focused={segment.id === focused}
          selected={chosen ? chosen.has(segment.id) : null}
          noSpeakers={speakers.length === 0}
        />
      ))}
    </div>
  );
});

/** Whether a key may change the text; copying and the shortcuts of the page do not. */
function mayEdit({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey ? /^[vx]$/i.test(key) : !altKey && key !== "Shift";
}

/** The text of a row, if this is one. */
function textBox(target: EventTarget): HTMLElement | null {
  return target instanceof HTMLElement ? target.closest<HTMLElement>(".words") : null;
}

/** The segments in blocks; unchanged blocks keep their identity. */
function useBlocks(segments: Doc["segments"]): Block[] {
  const before = useRef<Block[]>([]);
  const blocks = useMemo(() => blocksOf(segments, before.current), [segments]);
  useEffect(() => {
    before.current = blocks;
  }, [blocks]);
  return blocks;
}

/** How many blocks to render: few at first, so that the page appears quickly, then all. */
function useRenderedBlocks(all: number, whole: RefObject<() => void>): number {
  const [ready, setReady] = useState(INITIAL_BLOCKS);
  useEffect(() => {
    whole.current = () => setReady(Infinity);
    if (ready >= all) return;
    const timer = setTimeout(() => setReady(ready + BLOCKS_PER_STEP));
    return () => clearTimeout(timer);
  }, [ready, all, whole]);
  return ready;
}
