// The texts, of which only those of the chosen language are fetched. They live in the files beside this one and nowhere else.
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

/** From here on the page speaks `language`. Until its texts have come, it goes on as it was. */
export async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", (await TEXTS[language]()).default);
  }
  await i18next.changeLanguage(language);
}
