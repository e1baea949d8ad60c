// A thread: where it is, its comments, and what can be done with it.
import { CheckOutlined, DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { useFormats } from "../app/formats";
import { formatTime } from "../document/time";
import { CommentForm } from "./CommentForm";
import type { Thread } from "./places";

interface CommentThreadProps {
  readonly recording: string;
  readonly thread: Thread;
  readonly show: () => void;
}

export function CommentThread({ recording, thread, show }: CommentThreadProps) {
  const { t } = useTranslation();
  const [replying, setReplying] = useState(false);
  const { state } = thread.place;
  const path = (comment_id: string) => ({ params: { path: { recording_id: recording, comment_id } } });
  const reply = useAction(
    (text: string) =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/comments/{comment_id}/replies", {
          ...path(thread.id),
          body: { text },
        }),
      ),
    { invalidates: ["recording"], onDone: () => setReplying(false) },
  );
  const resolve = useAction(
    (resolved: boolean) =>
      unwrap(
        api.PATCH("/api/recordings/{recording_id}/comments/{comment_id}", { ...path(thread.id), body: { resolved } }),
      ),
    { invalidates: ["recording"] },
  );
  const resolved = thread.resolved_at !== null;
  return (
    <li className="comment-thread">
      <button type="button" className="comment-quote" onClick={show}>
        <span className="time">{formatTime(thread.at)}</span> <q>{thread.quote}</q>
      </button>
      {state !== "same" && <p className="secondary">{t(`comments.states.${state}`)}</p>}
      <ol>
        {thread.comments.map((one) => (
          <OneComment key={one.id} recording={recording} comment={one} first={one.id === thread.id} />
        ))}
      </ol>
      {replying ? (
        <CommentForm
          label={t("comments.reply")}
          busy={reply.isPending}
          save={reply.mutate}
          cancel={() => setReplying(false)}
        />
      ) : (
        <div>
          {!resolved && (
            <Button size="small" type="text" onClick={() => setReplying(true)}>
              {t("comments.reply")}
            </Button>
          )}
          <Button
            size="small"
            type="text"
            icon={<CheckOutlined aria-hidden />}
            loading={resolve.isPending}
            onClick={() => resolve.mutate(!resolved)}
          >
            {resolved ? t("comments.reopen") : t("comments.resolve")}
          </Button>
        </div>
      )}
    </li>
  );
}

function OneComment({
  recording,
  comment,
  first,
}: {
  recording: string;
  comment: Schemas["CommentOut"];
  first: boolean;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [editing, setEditing] = useState(false);
  const at = { params: { path: { recording_id: recording, comment_id: comment.id } } };
  const edit = useAction(
    (text: string) =>
      unwrap(api.PATCH("/api/recordings/{recording_id}/comments/{comment_id}", { ...at, body: { text } })),
    { invalidates: ["recording"], onDone: () => setEditing(false) },
  );
  const remove = useAction(() => unwrap(api.DELETE("/api/recordings/{recording_id}/comments/{comment_id}", at)), {
    invalidates: ["recording"],
  });
  return (
    <li>
      <div className="comment-head">
        <strong>{comment.author ?? t("comments.deletedUser")}</strong>
        <small>
          {formats.dateTime(comment.created_at)}
          {comment.edited_at && ` · ${t("comments.edited")}`}
        </small>
        <Button
          size="small"
          type="text"
          icon={<EditOutlined />}
          aria-label={t("comments.edit")}
          onClick={() => setEditing(true)}
        />
        <Popconfirm
          title={first ? t("comments.deleteThread") : t("comments.deleteComment")}
          okText={t("library.delete")}
          onConfirm={() => remove.mutate()}
        >
          <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t("comments.delete")} />
        </Popconfirm>
      </div>
      {editing ? (
        <CommentForm
          label={t("comments.edit")}
          text={comment.text}
          busy={edit.isPending}
          save={edit.mutate}
          cancel={() => setEditing(false)}
        />
      ) : (
        <p className="comment-text">{comment.text}</p>
      )}
    </li>
  );
}
