// What a person has chosen on this machine: the language and the theme.
import { useSyncExternalStore } from "react";

export type Language = "zh-CN" | "en";
export type Theme = "light" | "dark";

const listeners = new Set<() => void>();
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", tell);

export function chooseLanguage(language: Language) {
  localStorage.setItem("meeting-asr.language", language);
  tell();
}

/** Null: as the system has it. */
export function chooseTheme(theme: Theme | null) {
  if (theme) localStorage.setItem("meeting-asr.theme", theme);
  else localStorage.removeItem("meeting-asr.theme");
  tell();
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}

/** The chosen theme, else that of the system. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}

export function useChosenTheme(): Theme | null {
  return useSyncExternalStore(subscribe, chosenTheme);
}

export function language(): Language {
  return localStorage.getItem("meeting-asr.language") === "en" ? "en" : "zh-CN";
}

function theme(): Theme {
  return chosenTheme() ?? (dark.matches ? "dark" : "light");
}

function chosenTheme(): Theme | null {
  const chosen = localStorage.getItem("meeting-asr.theme");
  return chosen === "light" || chosen === "dark" ? chosen : null;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  listeners.forEach((listener) => listener());
}
