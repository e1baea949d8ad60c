// The comments beside the text: those that are open, a new one for what is selected, and those that are resolved.
import { Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage, Loading } from "../app/Feedback";
import type { Segment } from "../document/types";
import { CommentForm } from "./CommentForm";
import { CommentThread } from "./CommentThread";
import { requestFor, type SelectedPlace, type Thread } from "./places";
import { useThreads } from "./useComments";
import "./comments.css";

interface CommentsPanelProps {
  readonly id: string;
  readonly segments: readonly Segment[];
  readonly selected: SelectedPlace | null;
  /** Shows a segment and goes to its time. */
  readonly jump: (segment: Segment) => void;
  readonly seek: (time: number) => void;
  readonly flush: () => Promise<void>;
}

export function CommentsPanel({ id, segments, selected, jump, seek, flush }: CommentsPanelProps) {
  const { t } = useTranslation();
  const threads = useThreads(id);
  const [withResolved, setWithResolved] = useState(false);
  const [sent, setSent] = useState<SelectedPlace | null>(null);
  const add = useAction(
    async (text: string) => {
      const place = selected;
      const body = place && requestFor(segments, place, text);
      if (!body) throw new ApiError("comment_place_changed", 409);
      await flush();
      await unwrap(
        api.POST("/api/recordings/{recording_id}/comments", { params: { path: { recording_id: id } }, body }),
      );
      setSent(place);
    },
    { invalidates: ["recording"] },
  );
  if (threads.isPending) return <Loading />;
  if (threads.isError) return <ErrorPage error={threads.error} retry={() => void threads.refetch()} />;
  const resolved = threads.data.filter((one) => one.resolved_at !== null).length;
  const shown = threads.data.filter((one) => withResolved || one.resolved_at === null);
  const quote = selected && segments.find((one) => one.id === selected.segment)?.text.slice(selected.from, selected.to);

  function show(thread: Thread) {
    const segment = segments.find((one) => one.id === thread.place.segment_id);
    if (segment) jump(segment);
    seek(thread.at);
  }

  return (
    <section className="panel comments" aria-label={t("comments.name")}>
      {quote && selected !== sent ? (
        <>
          <p className="comment-quote">
            <q>{quote}</q>
          </p>
          <CommentForm
            key={`${selected?.segment} ${selected?.from} ${selected?.to}`}
            label={t("comments.new")}
            busy={add.isPending}
            save={add.mutate}
          />
        </>
      ) : (
        <p className="secondary">{t("comments.about")}</p>
      )}
      {resolved > 0 && (
        <Checkbox checked={withResolved} onChange={(event) => setWithResolved(event.target.checked)}>
          {t("comments.showResolved", { count: resolved })}
        </Checkbox>
      )}
      <ol className="comment-threads">
        {shown.map((one) => (
          <CommentThread key={one.id} recording={id} thread={one} show={() => show(one)} />
        ))}
      </ol>
    </section>
  );
}
