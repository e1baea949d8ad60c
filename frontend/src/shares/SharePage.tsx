// The page of a share link: the access code first, then the shared content. No account needed.
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { ApiError, api, type Schemas, unwrap } from "../api/client";
import { usePageTitle } from "../app/pageTitle";
import { chooseLanguage, useLanguage } from "../app/preferences";
import { formatTime } from "../document/time";
import { loadLanguage } from "../locales/i18n";
import { CodeForm } from "./CodeForm";
import { Minutes } from "./Minutes";
import { Transcript } from "./Transcript";
import { useErrorText } from "./useErrorText";
import { useSharedAudio } from "./useSharedAudio";
import "./share-page.css";

// Retry network errors only.
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

export function SharePage({ id }: { id: string }) {
  const language = useLanguage();
  useEffect(() => {
    void loadLanguage(language);
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    document.documentElement.classList.add("shared");
    document.head.append(
      Object.assign(document.createElement("meta"), { name: "robots", content: "noindex, nofollow" }),
    );
  }, []);
  return (
    <QueryClientProvider client={queries}>
      <AccessGate id={id} />
    </QueryClientProvider>
  );
}

function AccessGate({ id }: { id: string }) {
  const { t } = useTranslation();
  const words = useErrorText();
  const shared = useQuery({
    queryKey: ["shared", id],
    queryFn: () => unwrap(api.GET("/api/shares/{share_id}", { params: { path: { share_id: id } } })),
  });
  if (shared.data) return <SharedContent id={id} shared={shared.data} />;
  if (shared.isPending)
    return (
      <p className="share-centered" role="status">
        {t("app.loading")}
      </p>
    );
  if (shared.error instanceof ApiError && shared.error.code === "code_wanted") {
    return <CodeForm id={id} opened={(found) => queries.setQueryData(["shared", id], found)} />;
  }
  return (
    <main className="share-centered">
      <h1>{t("shared.title")}</h1>
      <p role="alert">{words(shared.error)}</p>
      <button type="button" onClick={() => void shared.refetch()}>
        {t("app.again")}
      </button>
    </main>
  );
}

function SharedContent({ id, shared }: { id: string; shared: Schemas["SharedRecording"] }) {
  const { t, i18n } = useTranslation();
  const listening = useSharedAudio();
  const date = (when: string) => new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" }).format(new Date(when));
  usePageTitle(shared.name);
  const facts = [
    t("shared.uploaded", { date: date(shared.created_at) }),
    shared.duration !== null && formatTime(shared.duration),
    t("shared.expires", { date: date(shared.expires_at) }),
  ];
  return (
    <div className="shared-page">
      <header>
        <h1>{shared.name}</h1>
        <p>{facts.filter(Boolean).join(" · ")}</p>
        <LanguageSwitch />
      </header>
      {shared.audio && (
        <section className="shared-player" aria-label={t("shared.audio")}>
          <audio
            ref={listening.audio}
            controls
            preload="metadata"
            src={pathOf(`/api/shares/${id}/audio`)}
            aria-label={t("shared.audio")}
            onTimeUpdate={listening.moved}
            onError={listening.fail}
          />
          {listening.failed && <p role="alert">{t("shared.noAudio")}</p>}
        </section>
      )}
      <main className={shared.minutes && shared.transcript ? "share-columns" : undefined}>
        {shared.minutes && (
          <Minutes id={id} seek={shared.audio ? listening.seek : undefined} linked={shared.transcript} />
        )}
        {shared.transcript && <Transcript id={id} listening={shared.audio ? listening : undefined} />}
      </main>
      <footer>
        <small>{t("shared.machine")}</small>
      </footer>
    </div>
  );
}

function LanguageSwitch() {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <button type="button" onClick={() => chooseLanguage(language === "en" ? "zh-CN" : "en")}>
      {t("shared.otherLanguage")}
    </button>
  );
}
