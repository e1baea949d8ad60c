// Questions about the meeting: the streamed answer with citations, and the earlier questions.
import { DeleteOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Popconfirm } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { ApiError, api, authorizedFetch, type Schemas, toApiError, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import { Citation, type SegmentLinks } from "./citations";
import { AiNote, RequiresModel } from "./languageModel";
import { readEvents } from "./serverSentEvents";

type Exchange = Schemas["ExchangeOut"];

interface AskPanelProps {
  id: string;
  links: SegmentLinks;
  flush: () => Promise<void>;
}

export function AskPanel({ id, links, flush }: AskPanelProps) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const key = ["recording", id, "questions"];
  const params = { path: { recording_id: id } };
  const history = useQuery({
    queryKey: key,
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/questions", { params })),
  });
  const [pending, setPending] = useState<{ question: string; text: string } | null>(null);
  const [unanswered, setUnanswered] = useState("");
  const stop = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => () => stop.current?.abort(), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls whenever the answer grows or an exchange is added
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [pending, history.data]);

  async function ask(question: string) {
    const controller = (stop.current = new AbortController());
    setPending({ question, text: "" });
    setUnanswered(question);
    try {
      await flush();
      for await (const { event, data } of await streamAnswer(id, question, controller.signal)) {
        const payload = JSON.parse(data) as { text: string } & Exchange & { code: string; endpoint_reason?: string };
        if (event === "text") setPending((before) => before && { ...before, text: before.text + payload.text });
        else if (event === "error") throw new ApiError(payload.code, 200, { endpoint_reason: payload.endpoint_reason });
        else if (event === "answer") {
          setUnanswered("");
          queries.setQueryData<Exchange[]>(key, (before = []) => [...before, payload]);
        }
      }
    } catch (error) {
      messages.show(error);
    } finally {
      if (stop.current === controller) setPending(null);
    }
  }

  async function forget() {
    try {
      await unwrap(api.DELETE("/api/recordings/{recording_id}/questions", { params }));
      queries.setQueryData<Exchange[]>(key, []);
    } catch (error) {
      messages.show(error);
    }
  }

  if (history.isPending) return <Loading />;
  if (history.isError) return <ErrorPage error={history.error} retry={() => void history.refetch()} />;
  return (
    <section className="panel ask" aria-label={t("ask.name")}>
      {history.data.length === 0 && !pending && <p className="secondary">{t("ask.about")}</p>}
      <ol className="exchanges" aria-live="polite">
        {history.data.map((one) => (
          <li key={one.id}>
            <p className="question">{one.question}</p>
            <p className="answer">
              {one.answer ? <AnswerText exchange={one} links={links} /> : <em>{t("ask.nothing")}</em>}
            </p>
          </li>
        ))}
        {pending && (
          <li>
            <p className="question">{pending.question}</p>
            <p className="answer">{pending.text.replaceAll(/\[\d+\]/g, "") || t("ask.thinking")}</p>
          </li>
        )}
      </ol>
      <div ref={end} />
      <RequiresModel>
        {pending ? (
          <Button onClick={() => stop.current?.abort()}>{t("ask.stop")}</Button>
        ) : (
          <QuestionForm unanswered={unanswered} ask={(question) => void ask(question)} />
        )}
      </RequiresModel>
      {history.data.length > 0 && (
        <>
          <Popconfirm title={t("ask.forgetSure")} okText={t("ask.forget")} onConfirm={forget}>
            <Button size="small" type="text" icon={<DeleteOutlined />}>
              {t("ask.forget")}
            </Button>
          </Popconfirm>
          <AiNote />
        </>
      )}
    </section>
  );
}

/** Starts with the unanswered question, if there is one, so that it need not be typed again. */
function QuestionForm({ unanswered, ask }: { unanswered: string; ask: (question: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(unanswered);
  function send() {
    if (text.trim()) ask(text.trim());
  }
  return (
    <form
      className="question-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Input.TextArea
        value={text}
        maxLength={2000}
        autoSize={{ minRows: 2, maxRows: 6 }}
        placeholder={t("ask.example")}
        aria-label={t("ask.question")}
        onChange={(event) => setText(event.target.value)}
        onPressEnter={(event) => {
          if (event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <Button type="primary" htmlType="submit" disabled={!text.trim()}>
        {t("ask.send")}
      </Button>
    </form>
  );
}

/** The answer with clickable citations. */
function AnswerText({ exchange, links }: { exchange: Exchange; links: SegmentLinks }) {
  return exchange.answer.split(/\[(\d+)\]/).map((part, number) => {
    const id = exchange.citations[Number(part) - 1];
    return number % 2 && id ? <Citation key={number} id={id} links={links} /> : <span key={number}>{part}</span>;
  });
}

async function streamAnswer(id: string, question: string, signal: AbortSignal) {
  const request = new Request(pathOf(`/api/recordings/${id}/questions`), {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ question }),
  });
  const response = await authorizedFetch(request).catch((error: unknown) => {
    throw error instanceof DOMException ? error : new ApiError("offline", 0);
  });
  if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
  return readEvents(response.body!);
}
