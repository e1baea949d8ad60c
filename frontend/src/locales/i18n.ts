// The texts, in both languages. They live in the files beside this one and nowhere else.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { language } from "../app/preferences";
import en from "./en.json";
import zh from "./zh-CN.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof zh };
  }
}

void i18next.use(initReactI18next).init({
  lng: language(),
  fallbackLng: "zh-CN",
  resources: { "zh-CN": { translation: zh }, en: { translation: en } },
  showSupportNotice: false,
  interpolation: { escapeValue: false },
});
