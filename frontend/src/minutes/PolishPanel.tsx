// The polish as a diff to review: each segment before and after, taken over or not.
import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Popconfirm, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import { textDifference } from "../document/diff";
import { useNewestJob } from "../library/live";
import { Pieces } from "../recording/Pieces";
import { AiNote, ModelJob, orNone, WithModel } from "./model";
import { Cite, type Places } from "./places";

type Change = Schemas["Change"];

const PAGE = 100;

interface Panel {
  id: string;
  places: Places;
  stored: () => Promise<void>;
  base: () => number;
  renewed: () => Promise<void>;
}

export function PolishPanel({ id, places, stored, base, renewed }: Panel) {
  const { t } = useTranslation();
  const messages = useMessages();
  const params = { path: { recording_id: id } };
  const job = useNewestJob(id, "polish");
  const open = job?.status === "queued" || job?.status === "running";
  const [busy, setBusy] = useState(false);
  const found = useQuery({
    queryKey: ["recording", id, "polish"],
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/polish", { params })).catch(orNone("polish_not_found")),
    staleTime: 0,
  });

  async function act(work: () => Promise<unknown>) {
    setBusy(true);
    try {
      await stored();
      await work();
    } catch (error) {
      messages.tell(error);
    } finally {
      setBusy(false);
    }
  }
  const begin = () => act(() => answer(api.POST("/api/recordings/{recording_id}/polish", { params })));
  const review = (accept: string[], reject: string[]) =>
    act(async () => {
      await answer(api.POST("/api/recordings/{recording_id}/polish/review", { params, body: { based_on: base(), accept, reject } }));
      await renewed();
      await found.refetch();
    });

  if (found.isPending) return <Waiting />;
  if (found.isError) return <Failed error={found.error} again={() => void found.refetch()} />;
  const polish = found.data;
  const standing = (now: Change["standing"]) => polish?.changes.filter((one) => one.standing === now).map((one) => one.segment) ?? [];
  const taken = standing("polished");
  const raw = standing("raw");
  return (
    <section className="panel polish" aria-label={t("polish.name")}>
      <WithModel>
        <p className="quiet">{t("polish.about")}</p>
        <Button type={polish ? "default" : "primary"} loading={busy} disabled={open} onClick={() => void begin()}>{polish ? t("polish.again") : t("polish.begin")}</Button>
        <ModelJob job={job} />
      </WithModel>
      {polish && (
        <>
          <p role="status">{t("polish.count", { count: polish.changes.length, taken: taken.length })}</p>
          {polish.changes.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("polish.nothing")} />}
          <Space wrap>
            <Button size="small" disabled={busy || raw.length === 0} onClick={() => void review(raw, [])}>{t("polish.acceptAll")}</Button>
            <Popconfirm title={t("polish.rejectSure")} okText={t("polish.rejectAll")} onConfirm={() => review([], taken)}>
              <Button size="small" disabled={busy || taken.length === 0}>{t("polish.rejectAll")}</Button>
            </Popconfirm>
          </Space>
          <Changes changes={polish.changes} busy={busy} places={places} review={review} />
          {polish.refused.length > 0 && (
            <details>
              <summary>{t("polish.refused", { count: polish.refused.length })}</summary>
              <ul className="difference">
                {polish.refused.slice(0, PAGE).map((one) => (
                  <li key={one.segment}>
                    <div className="difference-head"><Cite id={one.segment} places={places} /> <em>{reason(one.reason)}</em></div>
                    <p><Pieces pieces={textDifference(one.before, one.after)} /></p>
                  </li>
                ))}
              </ul>
            </details>
          )}
          <AiNote />
        </>
      )}
    </section>
  );

  function reason(code: string): string {
    const known = REASONS.find((one) => one === code);
    return known ? t(`polish.reasons.${known}`) : code;
  }
}

const REASONS = ["empty", "markup", "length", "numbers", "names", "negation", "hotwords", "rewritten"] as const;

interface Reviewed {
  changes: readonly Change[];
  busy: boolean;
  places: Places;
  review: (accept: string[], reject: string[]) => Promise<void>;
}

function Changes({ changes, busy, places, review }: Reviewed) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(PAGE);
  return (
    <>
      <ol className="difference">
        {changes.slice(0, shown).map((one) => {
          const settled = one.standing === "edited" || one.standing === "gone";
          return (
            <li key={one.segment} data-standing={one.standing}>
              <div className="difference-head">
                <Cite id={one.segment} places={places} />
                {settled ? (
                  <em>{t(`polish.standing.${one.standing as "edited" | "gone"}`)}</em>
                ) : (
                  <Space.Compact>
                    <Button size="small" type={one.standing === "polished" ? "primary" : "default"} aria-pressed={one.standing === "polished"} disabled={busy} onClick={() => void review([one.segment], [])}>{t("polish.accept")}</Button>
                    <Button size="small" type={one.standing === "raw" ? "primary" : "default"} aria-pressed={one.standing === "raw"} disabled={busy} onClick={() => void review([], [one.segment])}>{t("polish.reject")}</Button>
                  </Space.Compact>
                )}
              </div>
              <p><Pieces pieces={textDifference(one.before, one.after)} /></p>
            </li>
          );
        })}
      </ol>
      {changes.length > shown && <Button block onClick={() => setShown(shown + PAGE)}>{t("diff.more", { count: changes.length - shown })}</Button>}
    </>
  );
}
