// Loads the texts of the chosen language from the JSON files beside this one. No other file contains texts.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../app/preferences";
import type zh from "./zh-CN.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof zh };
  }
}

const TEXTS: Record<Language, () => Promise<{ default: typeof zh }>> = {
  "zh-CN": () => import("./zh-CN.json"),
  en: () => import("./en.json"),
};

void i18next.use(initReactI18next).init({
  resources: {},
  fallbackLng: false,
  showSupportNotice: false,
  interpolation: { escapeValue: false },
});

/** Switches the page to `language` once its texts are loaded. */
export async function loadLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", (await TEXTS[language]()).default);
  }
  await i18next.changeLanguage(language);
}
