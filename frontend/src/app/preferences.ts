// The language and theme chosen in this browser.
import { useSyncExternalStore } from "react";

export type Language = "zh-CN" | "en";
export type Theme = "light" | "dark";

const listeners = new Set<() => void>();
const darkQuery = matchMedia("(prefers-color-scheme: dark)");
darkQuery.addEventListener("change", notify);

export function chooseLanguage(language: Language) {
  localStorage.setItem("meeting-asr.language", language);
  notify();
}

/** null follows the system. */
export function chooseTheme(theme: Theme | null) {
  if (theme) localStorage.setItem("meeting-asr.theme", theme);
  else localStorage.removeItem("meeting-asr.theme");
  notify();
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}

/** The chosen theme, or the system's. */
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
  return chosenTheme() ?? (darkQuery.matches ? "dark" : "light");
}

function chosenTheme(): Theme | null {
  const chosen = localStorage.getItem("meeting-asr.theme");
  return chosen === "light" || chosen === "dark" ? chosen : null;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function notify() {
  listeners.forEach((listener) => listener());
}
