// Ask the meeting: the answer as it comes, each sentence with where it was said; what was asked before, and a way to forget it.
import { DeleteOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Popconfirm } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError, authorized, refusal, type Schemas } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import { eventsOf } from "./events";
import { AiNote, WithModel } from "./model";
import { Cite, type Places } from "./places";

type Exchange = Schemas["ExchangeOut"];

interface Panel {
  id: string;
  places: Places;
  stored: () => Promise<void>;
}

export function AskPanel({ id, places, stored }: Panel) {
  const { t } = useTranslation();
  const messages = useMessages();
  const queries = useQueryClient();
  const key = ["recording", id, "questions"];
  const params = { path: { recording_id: id } };
  const asked = useQuery({ queryKey: key, queryFn: () => answer(api.GET("/api/recordings/{recording_id}/questions", { params })) });
  const [coming, setComing] = useState<{ question: string; text: string } | null>(null);
  const [unanswered, setUnanswered] = useState("");
  const stop = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [coming, asked.data]);

  async function ask(question: string) {
    const mine = (stop.current = new AbortController());
    setComing({ question, text: "" });
    setUnanswered(question);
    try {
      await stored();
      for await (const { event, data } of await answered(id, question, mine.signal)) {
        const said = JSON.parse(data) as { text: string } & Exchange & { code: string };
        if (event === "text") setComing((before) => before && { ...before, text: before.text + said.text });
        else if (event === "error") throw new ApiError(said.code, 200);
        else if (event === "answer") {
          setUnanswered("");
          queries.setQueryData<Exchange[]>(key, (before = []) => [...before, said]);
        }
      }
    } catch (error) {
      messages.tell(error);
    } finally {
      if (stop.current === mine) setComing(null);
    }
  }

  async function forget() {
    try {
      await answer(api.DELETE("/api/recordings/{recording_id}/questions", { params }));
      queries.setQueryData<Exchange[]>(key, []);
    } catch (error) {
      messages.tell(error);
    }
  }

  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <Failed error={asked.error} again={() => void asked.refetch()} />;
  return (
    <section className="panel ask" aria-label={t("ask.name")}>
      {asked.data.length === 0 && !coming && <p className="quiet">{t("ask.about")}</p>}
      <ol className="exchanges" aria-live="polite">
        {asked.data.map((one) => (
          <li key={one.id}>
            <p className="question">{one.question}</p>
            <p className="answer">{one.answer ? <Cited exchange={one} places={places} /> : <em>{t("ask.nothing")}</em>}</p>
          </li>
        ))}
        {coming && (
          <li>
            <p className="question">{coming.question}</p>
            <p className="answer">{coming.text.replaceAll(/\[\d+\]/g, "") || t("ask.thinking")}</p>
          </li>
        )}
      </ol>
      <div ref={end} />
      <WithModel>
        {coming ? <Button onClick={() => stop.current?.abort()}>{t("ask.stop")}</Button> : <Question unanswered={unanswered} ask={(question) => void ask(question)} />}
      </WithModel>
      {asked.data.length > 0 && (
        <>
          <Popconfirm title={t("ask.forgetSure")} okText={t("ask.forget")} onConfirm={forget}>
            <Button size="small" type="text" icon={<DeleteOutlined />}>{t("ask.forget")}</Button>
          </Popconfirm>
          <AiNote />
        </>
      )}
    </section>
  );
}

/** Begins with the question that got no answer, if there is one: it need not be typed again. */
function Question({ unanswered, ask }: { unanswered: string; ask: (question: string) => void }) {
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
      <Button type="primary" htmlType="submit" disabled={!text.trim()}>{t("ask.send")}</Button>
    </form>
  );
}

/** The answer, with its marks to click. */
function Cited({ exchange, places }: { exchange: Exchange; places: Places }) {
  return exchange.answer.split(/\[(\d+)\]/).map((part, number) => {
    const id = exchange.citations[Number(part) - 1];
    return number % 2 && id ? <Cite key={number} id={id} places={places} /> : <span key={number}>{part}</span>;
  });
}

async function answered(id: string, question: string, signal: AbortSignal) {
  const request = new Request(`/api/recordings/${id}/questions`, { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ question }) });
  const response = await authorized(request).catch((error: unknown) => {
    throw error instanceof DOMException ? error : new ApiError("offline", 0);
  });
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
  return eventsOf(response.body!);
}
