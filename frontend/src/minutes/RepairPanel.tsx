// Suggested repairs of broken segments, accepted or rejected one by one. The transcript changes only on acceptance.
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Empty } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useFormats } from "../app/formats";
import { ShowMore } from "../app/ShowMore";
import type { Doc } from "../document/types";
import type { SegmentLinks } from "./citations";
import { AiNote } from "./languageModel";
import { RepairItem } from "./RepairItem";
import { DecideAll, ReviewPanel } from "./ReviewPanel";
import { nextOpen, STANDINGS, type Standing, withStanding } from "./repairs";
import { type EditedDocument, useReview } from "./useReview";
import "./repairs.css";

type Repair = Schemas["RepairAnswer"];

/** Repairs shown at first. */
const PAGE = 100;

interface RepairPanelProps extends EditedDocument {
  id: string;
  doc: Doc;
  links: SegmentLinks;
}

export function RepairPanel({ id, doc, links, flush, base, reload }: RepairPanelProps) {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [filter, setFilter] = useState<Standing | null>(null);
  const [shown, setShown] = useState(PAGE);
  const list = useRef<HTMLOListElement>(null);
  const params = { path: { recording_id: id } };
  const review = useReview<Repair, number>({
    id,
    kind: "repair",
    load: () => unwrap(api.GET("/api/recordings/{recording_id}/repair", { params })),
    start: () => unwrap(api.POST("/api/recordings/{recording_id}/repair", { params })),
    flush,
    base,
    reload,
  });
  const busy = review.pending.length > 0;
  const decide = (what: number | "all", accept: number[], reject: number[]) =>
    review.run(what, async () => {
      const { number } = await unwrap(
        api.POST("/api/recordings/{recording_id}/repair/review", {
          params,
          body: { based_on: base(), accept, reject },
        }),
      );
      if (accept.length === 0) return;
      await reload();
      void message.success(t("repair.saved", { count: accept.length, number }));
    });

  /** Decides one repair and moves the focus to the next open one, unless the user has moved it elsewhere. */
  async function decideOne(item: number, accept: boolean) {
    const done = await decide(item, accept ? [item] : [], accept ? [] : [item]);
    if (!done || document.activeElement !== document.body) return;
    const next = nextOpen(queries.getQueryData<Repair | null>(review.queryKey)?.items ?? [], item);
    const button = next && list.current?.querySelector<HTMLElement>(`[data-item="${next.id}"] [data-accept]`);
    (button ?? list.current)?.focus();
  }

  /** Loads what was changed elsewhere. */
  const loadNewest = (newest: number) =>
    review.run("all", async () => {
      await reload();
      if (base() < newest) void message.warning(t("repair.unsaved"), 6);
    });

  return (
    <ReviewPanel
      review={review}
      compact={(result) => ({ about: Boolean(result?.items.length), button: result !== null })}
    >
      {({ items, newest, base: readVersion, created_at }) => {
        const open = withStanding(items, "open").map((item) => item.id);
        const kinds = STANDINGS.filter((one) => withStanding(items, one).length > 0);
        const filtered = filter && kinds.includes(filter) ? withStanding(items, filter) : items;
        const outdated = newest > base();
        return (
          <>
            <p role="status">
              {items.length === 0
                ? t("repair.nothing")
                : open.length > 0
                  ? t("repair.count", { count: items.length, open: open.length })
                  : t("repair.done", { count: items.length })}
              <br />
              <small>{t("repair.readOf", { number: readVersion, at: dateTime(created_at) })}</small>
            </p>
            {outdated && (
              <Alert
                type="warning"
                showIcon
                title={t("repair.elsewhere")}
                action={
                  <Button size="small" onClick={() => void loadNewest(newest)}>
                    {t("repair.load")}
                  </Button>
                }
              />
            )}
            {items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("repair.noneFound")} />}
            {items.length > 0 && open.length === 0 && kinds.includes("outdated") && (
              <Alert type="info" showIcon title={t("repair.changed")} />
            )}
            {open.length > 0 && (
              <DecideAll
                acceptText={t("repair.acceptAll", { count: open.length })}
                rejectText={t("repair.rejectAll")}
                question={t("repair.rejectSure", { count: open.length })}
                accept={() => void decide("all", open, [])}
                reject={() => decide("all", [], open)}
                busy={busy || outdated}
                primary
                loading={review.pending.includes("all")}
              />
            )}
            {kinds.length > 1 && (
              <div className="kind-filter" role="group" aria-label={t("repair.only")}>
                {kinds.map((one) => (
                  <Button
                    key={one}
                    size="small"
                    type={filter === one ? "primary" : "default"}
                    aria-pressed={filter === one}
                    onClick={() => setFilter(filter === one ? null : one)}
                  >
                    {t(`repair.standing.${one}`)} {withStanding(items, one).length}
                  </Button>
                ))}
              </div>
            )}
            <ol ref={list} className="repairs" tabIndex={-1} aria-label={t("repair.proposals")} aria-busy={busy}>
              {filtered.slice(0, shown).map((item) => (
                <RepairItem
                  key={item.id}
                  item={item}
                  doc={doc}
                  links={links}
                  open={!outdated}
                  busy={review.pending.includes(item.id)}
                  accept={() => void decideOne(item.id, true)}
                  reject={() => void decideOne(item.id, false)}
                />
              ))}
            </ol>
            <ShowMore left={filtered.length - shown} onClick={() => setShown(shown + PAGE)} />
            {items.length > 0 && <AiNote />}
          </>
        );
      }}
    </ReviewPanel>
  );
}
