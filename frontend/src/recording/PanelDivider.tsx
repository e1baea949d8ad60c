// The divider between text and panel: dragged, or moved by the arrow keys. The width is remembered in this browser.
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

const KEY = "meeting-asr.panel-width";
/** Percent of the width of the workspace. */
const [NARROWEST, USUAL, WIDEST] = [20, 30, 65];
const STEP = 2;

export function PanelDivider({ panel }: { panel: string }) {
  const { t } = useTranslation();
  const divider = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(storedWidth);
  useLayoutEffect(() => {
    divider.current!.parentElement!.style.setProperty("--panel-width", `${width}%`);
  }, [width]);

  function change(next: number) {
    const fitting = Math.round(Math.max(NARROWEST, Math.min(WIDEST, next)) * 10) / 10;
    setWidth(fitting);
    localStorage.setItem(KEY, String(fitting));
  }

  function drag(event: PointerEvent<HTMLDivElement>) {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { right, width: whole } = event.currentTarget.parentElement!.getBoundingClientRect();
    change(((right - event.clientX) / whole) * 100);
  }

  function press(event: KeyboardEvent) {
    const next = {
      ArrowLeft: width + STEP,
      ArrowRight: width - STEP,
      Home: WIDEST,
      End: NARROWEST,
      Enter: USUAL,
    }[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    change(next);
  }

  return (
    <div
      ref={divider}
      className="panel-divider"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t("workspace.divider")}
      aria-controls={panel}
      aria-valuenow={Math.round(width)}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onDoubleClick={() => change(USUAL)}
      onKeyDown={press}
    />
  );
}

function storedWidth(): number {
  const stored = Number(localStorage.getItem(KEY));
  return stored >= NARROWEST && stored <= WIDEST ? stored : USUAL;
}
