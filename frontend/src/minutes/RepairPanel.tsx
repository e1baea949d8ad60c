// Torn segments: what a language model proposes, to be accepted or rejected one by one. Nothing is done before that.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Empty, Popconfirm, Space } from "antd";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMessages } from "../api/messages";
import { useFormats } from "../app/formats";
import { Failed, Waiting } from "../app/Notice";
import type { Doc } from "../document/types";
import { useNewestJob } from "../library/live";
import { AiNote, ModelJob, orNone, WithModel } from "./model";
import type { Places } from "./places";
import { RepairItem } from "./RepairItem";
import { nextOpen, standing, STANDINGS, type Standing } from "./repairs";
import "./repairs.css";

/** Proposals that are shown at once. */
const PAGE = 100;

/** The id of a proposal, or what is done apart from any. */
type Doing = number | "all" | "asking";

interface Panel {
  id: string;
  doc: Doc;
  places: Places;
  stored: () => Promise<void>;
  base: () => number;
  renewed: () => Promise<void>;
}

export function RepairPanel({ id, doc, places, stored, base, renewed }: Panel) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { message } = App.useApp();
  const messages = useMessages();
  const params = { path: { recording_id: id } };
  const job = useNewestJob(id, "repair");
  const running = job?.status === "queued" || job?.status === "running";
  const [doing, setDoing] = useState<readonly Doing[]>([]);
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const [only, setOnly] = useState<Standing | null>(null);
  const [shown, setShown] = useState(PAGE);
  const list = useRef<HTMLOListElement>(null);
  const queries = useQueryClient();
  const key = ["recording", id, "repair"];
  const found = useQuery({
    queryKey: key,
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/repair", { params })).catch(orNone("repair_not_found")),
    staleTime: 0,
  });

  /** One thing after another: who decides quickly is not held up, and loses nothing. */
  function act(what: Doing, work: () => Promise<unknown>): Promise<boolean> {
    setDoing((before) => [...before, what]);
    const turn = line.current.then(async () => {
      try {
        await stored();
        await work();
        return true;
      } catch (error) {
        messages.tell(error);
        return false;
      } finally {
        await found.refetch();
        flushSync(() => setDoing((before) => before.filter((one) => one !== what)));
      }
    });
    line.current = turn;
    return turn;
  }
  const begin = () => act("asking", () => answer(api.POST("/api/recordings/{recording_id}/repair", { params })));
  const review = (what: Doing, accept: number[], reject: number[]) =>
    act(what, async () => {
      const { number } = await answer(api.POST("/api/recordings/{recording_id}/repair/review", { params, body: { based_on: base(), accept, reject } }));
      if (accept.length === 0) return;
      await renewed();
      void message.success(t("repair.kept", { count: accept.length, number }));
    });

  /** Say something to one, and be at the next; who went elsewhere meanwhile stays there. */
  async function settle(item: number, accept: boolean) {
    const done = await review(item, accept ? [item] : [], accept ? [] : [item]);
    if (!done || document.activeElement !== document.body) return;
    const next = nextOpen(queries.getQueryData<typeof found.data>(key)?.items ?? [], item);
    const button = next && list.current?.querySelector<HTMLElement>(`[data-item="${next.id}"] [data-accept]`);
    (button ?? list.current)?.focus();
  }

  /** Have here what was changed elsewhere. */
  const load = () =>
    act("all", async () => {
      await renewed();
      if (repair && base() < repair.newest) void message.warning(t("repair.unsaved"), 6);
    });

  if (found.isPending) return <Waiting />;
  if (found.isError) return <Failed error={found.error} again={() => void found.refetch()} />;
  const repair = found.data;
  const items = repair?.items ?? [];
  const open = standing(items, "open").map((item) => item.id);
  const kinds = STANDINGS.filter((one) => standing(items, one).length > 0);
  const wanted = only && kinds.includes(only) ? standing(items, only) : items;
  const elsewhere = repair !== null && repair.newest > base();
  return (
    <section className="panel repair" aria-label={t("repair.name")}>
      <WithModel>
        {items.length === 0 && <p className="quiet">{t("repair.about")}</p>}
        <Button type={repair ? "default" : "primary"} size={repair ? "small" : "middle"} loading={doing.includes("asking")} disabled={running} onClick={() => void begin()}>{repair ? t("repair.again") : t("repair.begin")}</Button>
        <ModelJob job={job} />
      </WithModel>
      {repair && (
        <>
          <p role="status">
            {items.length === 0 ? t("repair.nothing") : open.length > 0 ? t("repair.count", { count: items.length, open: open.length }) : t("repair.done", { count: items.length })}
            <br />
            <small>{t("repair.readOf", { number: repair.base, at: moment(repair.created_at) })}</small>
          </p>
          {elsewhere && <Alert type="warning" showIcon title={t("repair.elsewhere")} action={<Button size="small" onClick={() => void load()}>{t("repair.load")}</Button>} />}
          {items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("repair.whole")} />}
          {items.length > 0 && open.length === 0 && kinds.includes("outdated") && <Alert type="info" showIcon title={t("repair.changed")} />}
          {open.length > 0 && (
            <Space wrap>
              <Button size="small" type="primary" loading={doing.includes("all")} disabled={doing.length > 0 || elsewhere} onClick={() => void review("all", open, [])}>{t("repair.acceptAll", { count: open.length })}</Button>
              <Popconfirm title={t("repair.rejectSure", { count: open.length })} okText={t("repair.rejectAll")} onConfirm={() => review("all", [], open)}>
                <Button size="small" disabled={doing.length > 0 || elsewhere}>{t("repair.rejectAll")}</Button>
              </Popconfirm>
            </Space>
          )}
          {kinds.length > 1 && (
            <div className="kinds" role="group" aria-label={t("repair.only")}>
              {kinds.map((one) => (
                <Button key={one} size="small" type={only === one ? "primary" : "default"} aria-pressed={only === one} onClick={() => setOnly(only === one ? null : one)}>
                  {t(`repair.standing.${one}`)} {standing(items, one).length}
                </Button>
              ))}
            </div>
          )}
          <ol ref={list} className="repairs" tabIndex={-1} aria-label={t("repair.proposals")} aria-busy={doing.length > 0}>
            {wanted.slice(0, shown).map((item) => (
              <RepairItem key={item.id} item={item} doc={doc} places={places} open={!elsewhere} busy={doing.includes(item.id)} accept={() => void settle(item.id, true)} reject={() => void settle(item.id, false)} />
            ))}
          </ol>
          {wanted.length > shown && <Button block onClick={() => setShown(shown + PAGE)}>{t("diff.more", { count: wanted.length - shown })}</Button>}
          {items.length > 0 && <AiNote />}
        </>
      )}
    </section>
  );
}
