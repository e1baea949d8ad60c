// The "Sign in with Google" button, rendered by Google's script and bound to a nonce of the server.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useLanguage, useTheme } from "../app/preferences";
import { loadGoogleIdentity } from "./google";

/** The server forgets a nonce after ten minutes. */
const NONCE_LIFE = 8 * 60_000;

export function GoogleButton({ client, onCredential }: { client: string; onCredential: (credential: string) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useTheme();
  const container = useRef<HTMLDivElement>(null);
  const script = useQuery({
    queryKey: ["google", "script"],
    queryFn: loadGoogleIdentity,
    staleTime: Infinity,
    retry: false,
  });
  const nonce = useQuery({
    queryKey: ["google", "nonce"],
    queryFn: async () => (await unwrap(api.POST("/api/auth/google/nonce"))).nonce,
    staleTime: NONCE_LIFE,
    gcTime: 0,
    refetchInterval: NONCE_LIFE,
  });
  const latest = useRef(onCredential);
  useEffect(() => {
    latest.current = onCredential;
  });
  useEffect(() => {
    if (!script.data || !nonce.data || !container.current) return;
    script.data.initialize({
      client_id: client,
      nonce: nonce.data,
      ux_mode: "popup",
      callback: ({ credential }) => latest.current(credential),
    });
    container.current.replaceChildren();
    script.data.renderButton(container.current, {
      theme: theme === "dark" ? "filled_black" : "outline",
      size: "large",
      width: Math.min(340, container.current.clientWidth),
      locale: language,
      text: "continue_with",
    });
  }, [client, script.data, nonce.data, language, theme]);
  if (script.isError || nonce.isError) return <p className="secondary">{t("errors.google_unreachable")}</p>;
  return <div ref={container} className="google-button" />;
}
