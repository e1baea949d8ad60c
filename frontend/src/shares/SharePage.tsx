// What somebody with a share link sees: first the question for the access code, then what the link shows. No account.
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, ApiError, type Schemas } from "../api/client";
import { chooseLanguage, useLanguage } from "../app/preferences";
import { clock } from "../document/time";
import { speak } from "../locales/i18n";
import { CodeForm } from "./CodeForm";
import { useWords } from "./problem";
import { Minutes } from "./Minutes";
import { Transcript } from "./Transcript";
import { useListening } from "./listening";
import "./share-page.css";

// What is gone stays gone; what did not arrive may arrive.
const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: Infinity, refetchOnWindowFocus: false, retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0 } },
});

export function SharePage({ id }: { id: string }) {
  const language = useLanguage();
  useEffect(() => {
    void speak(language);
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    document.documentElement.classList.add("shared");
    document.head.append(Object.assign(document.createElement("meta"), { name: "robots", content: "noindex, nofollow" }));
  }, []);
  return (
    <QueryClientProvider client={queries}>
      <Gate id={id} />
    </QueryClientProvider>
  );
}

function Gate({ id }: { id: string }) {
  const { t } = useTranslation();
  const words = useWords();
  const shared = useQuery({ queryKey: ["shared", id], queryFn: () => answer(api.GET("/api/shares/{share_id}", { params: { path: { share_id: id } } })) });
  if (shared.data) return <Opened id={id} shared={shared.data} />;
  if (shared.isPending) return <p className="shared-alone" role="status">{t("app.loading")}</p>;
  if (shared.error instanceof ApiError && shared.error.code === "code_wanted") {
    return <CodeForm id={id} opened={(found) => queries.setQueryData(["shared", id], found)} />;
  }
  return (
    <main className="shared-alone">
      <h1>{t("shared.title")}</h1>
      <p role="alert">{words(shared.error)}</p>
      <button type="button" onClick={() => void shared.refetch()}>{t("app.again")}</button>
    </main>
  );
}

function Opened({ id, shared }: { id: string; shared: Schemas["Shared"] }) {
  const { t, i18n } = useTranslation();
  const listening = useListening();
  const date = (when: string) => new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" }).format(new Date(when));
  useEffect(() => {
    document.title = shared.name;
  }, [shared.name]);
  const facts = [t("shared.uploaded", { date: date(shared.created_at) }), shared.duration !== null && clock(shared.duration), t("shared.expires", { date: date(shared.expires_at) })];
  return (
    <div className="shared-page">
      <header>
        <h1>{shared.name}</h1>
        <p>{facts.filter(Boolean).join(" · ")}</p>
        <LanguageSwitch />
      </header>
      {shared.audio && (
        <div className="shared-player">
          <audio ref={listening.audio} controls preload="metadata" src={`/api/shares/${id}/audio`} aria-label={t("shared.audio")} onTimeUpdate={listening.moved} onError={listening.fail} />
          {listening.failed && <p role="alert">{t("shared.noAudio")}</p>}
        </div>
      )}
      <main className={shared.minutes && shared.transcript ? "shared-both" : undefined}>
        {shared.minutes && <Minutes id={id} seek={shared.audio ? listening.seek : undefined} placed={shared.transcript} />}
        {shared.transcript && <Transcript id={id} listening={shared.audio ? listening : undefined} />}
      </main>
      <footer><small>{t("shared.machine")}</small></footer>
    </div>
  );
}

function LanguageSwitch() {
  const { t } = useTranslation();
  const language = useLanguage();
  return <button type="button" onClick={() => chooseLanguage(language === "en" ? "zh-CN" : "en")}>{t("shared.otherLanguage")}</button>;
}
