// Minutes as a mind map. A press on a node, or Enter, plays what it is based on.
import { ExpandOutlined, ZoomInOutlined, ZoomOutOutlined } from "@ant-design/icons";
import { Button } from "antd";
import MindElixir, { type MindElixirInstance, type NodeObj } from "mind-elixir";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Part } from "../templates/parts";
import type { SegmentLinks } from "./citations";
import type { Minutes } from "./MinutesText";
import { type MapNode, mindMapTree } from "./mindMapTree";
import "mind-elixir/style.css";
import "./mindMap.css";

/** Follows the page's own colors, light and dark. */
const THEME = {
  name: "page",
  palette: ["#3b82d6", "#d9822b", "#3c9d5b", "#b5479b", "#7a5fd0", "#cc4b4b", "#0f9aa8", "#98871f"],
  cssVar: {
    "--main-color": "var(--text)",
    "--main-bgcolor": "var(--surface)",
    "--main-bgcolor-transparent": "transparent",
    "--color": "var(--text)",
    "--bgcolor": "var(--surface)",
    "--selected": "var(--primary)",
    "--accent-color": "var(--primary)",
    "--root-color": "var(--text)",
    "--root-bgcolor": "var(--hover)",
    "--root-border-color": "var(--border)",
    "--map-padding": "24px",
  },
};
const ZOOM = 1.25;

interface MindMapProps {
  minutes: Minutes;
  parts: readonly Part[];
  links: SegmentLinks;
}

export function MindMap({ minutes, parts, links }: MindMapProps) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<MindElixirInstance | null>(null);
  const newest = useRef(links);
  useEffect(() => {
    newest.current = links;
  });
  const order = parts.join();

  useEffect(() => {
    const { content } = minutes;
    const tree = mindMapTree(content, order.split(",") as Part[], {
      title: t("minutes.name"),
      nameOf: (part) => t(`minutes.parts.${part}`),
      speakerOf: (id) => newest.current.nameOf(id),
      saying: (word) => newest.current.saying(word)[0]?.id ?? null,
    });
    const container = place.current!;
    const drawn = new MindElixir({
      el: container,
      direction: MindElixir.RIGHT,
      editable: false,
      contextMenu: false,
      toolBar: false,
      keypress: false,
      allowUndo: false,
      compact: true,
      theme: THEME,
      handleWheel: (event) => {
        if (!event.ctrlKey) return; // the page scrolls
        event.preventDefault();
        drawn.scale(drawn.scaleVal * (event.deltaY < 0 ? ZOOM : 1 / ZOOM));
      },
    });
    drawn.init({ nodeData: nodeOf(tree) });
    drawn.scaleFit();
    map.current = drawn;
    for (const topic of container.querySelectorAll<Topic>("me-tpc")) {
      if (!topic.nodeObj.metadata) continue;
      topic.tabIndex = 0;
      topic.setAttribute("role", "button");
    }
    function play(event: Event) {
      const topic = (event.target as HTMLElement).closest<Topic>("me-tpc");
      const segment = topic?.nodeObj.metadata && newest.current.find(topic.nodeObj.metadata);
      if (segment) newest.current.play(segment);
    }
    const press = (event: KeyboardEvent) => event.key === "Enter" && play(event);
    container.addEventListener("click", play);
    container.addEventListener("keydown", press);
    return () => {
      container.removeEventListener("click", play);
      container.removeEventListener("keydown", press);
      drawn.destroy();
      map.current = null;
    };
  }, [minutes, order, t]);

  const zoom = (by: number) => map.current?.scale(map.current.scaleVal * by);
  return (
    <section className="mind-map" aria-label={t("minutes.map")} lang={minutes.language}>
      <div ref={place} className="mind-map-place" />
      <div className="mind-map-tools">
        <Button
          size="small"
          icon={<ZoomOutOutlined />}
          aria-label={t("minutes.mapSmaller")}
          onClick={() => zoom(1 / ZOOM)}
        />
        <Button size="small" icon={<ZoomInOutlined />} aria-label={t("minutes.mapLarger")} onClick={() => zoom(ZOOM)} />
        <Button
          size="small"
          icon={<ExpandOutlined />}
          aria-label={t("minutes.mapWhole")}
          onClick={() => map.current?.scaleFit()}
        />
      </div>
    </section>
  );
}

/** A node as mind-elixir draws it; its metadata is the id of a segment. */
type Topic = HTMLElement & { nodeObj: NodeObj<string | null> };

function nodeOf({ id, topic, evidence, children }: MapNode): NodeObj<string | null> {
  return { id, topic, metadata: evidence, children: children.map(nodeOf), expanded: true };
}
