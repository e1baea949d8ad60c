// "Sign in with Google", drawn by Google itself, bound to a nonce that the server has given out.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useLanguage, useTheme } from "../app/preferences";
import { identity } from "./google";

/** The server forgets a nonce after ten minutes. */
const NONCE_LIFE = 8 * 60_000;

export function GoogleButton({ client, given }: { client: string; given: (credential: string) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const script = useQuery({ queryKey: ["google", "script"], queryFn: identity, staleTime: Infinity, retry: false });
  const nonce = useQuery({
    queryKey: ["google", "nonce"],
    queryFn: async () => (await answer(api.POST("/api/auth/google/nonce"))).nonce,
    staleTime: NONCE_LIFE,
    gcTime: 0,
    refetchInterval: NONCE_LIFE,
  });
  const took = useRef(given);
  useEffect(() => {
    took.current = given;
  });
  useEffect(() => {
    if (!script.data || !nonce.data || !place.current) return;
    script.data.initialize({ client_id: client, nonce: nonce.data, ux_mode: "popup", callback: ({ credential }) => took.current(credential) });
    place.current.replaceChildren();
    script.data.renderButton(place.current, {
      theme: theme === "dark" ? "filled_black" : "outline",
      size: "large",
      width: Math.min(340, place.current.clientWidth),
      locale: language,
      text: "continue_with",
    });
  }, [client, script.data, nonce.data, language, theme]);
  if (script.isError || nonce.isError) return <p className="quiet">{t("errors.google_unreachable")}</p>;
  return <div ref={place} className="google-button" />;
}
