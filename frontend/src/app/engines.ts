// The engines of this server, and one line for each that says what it is good for and what it costs here.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useFormats } from "./formats";

export type Engine = Schemas["EngineOut"];

export function useEngines() {
  return useQuery({ queryKey: ["engines"], queryFn: () => unwrap(api.GET("/api/engines")), staleTime: 60_000 });
}

/** What an engine is good for; then its processor time, if that was measured. */
export function useEngineAbout() {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (engine: Engine) => {
    const about = t(`engineAbout.${engine.name}`, { defaultValue: t("engineAbout.whisper-own") });
    const { measured } = engine;
    return measured ? `${about} ${t("upload.measured", { cpu: number(measured.cpu_seconds_a_minute) })}` : about;
  };
}
