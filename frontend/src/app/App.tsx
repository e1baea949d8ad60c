// The root component: language, theme, query client and routes.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider, theme as themes } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import { Suspense, useEffect } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { basePath } from "../api/basePath";
import { ApiError } from "../api/client";
import { LibraryPage } from "../library/LibraryPage";
import { loadLanguage } from "../locales/i18n";
import { SignInPage } from "../login/SignIn";
import { Loading, NotFound } from "./Feedback";
import { lazyPart } from "./lazyPart";
import { OfflineNotice } from "./OfflineNotice";
import { useLanguage, useTheme } from "./preferences";
import { Shell } from "./Shell";

const RecordingPage = lazyPart(async () => ({ default: (await import("../recording/RecordingPage")).RecordingPage }));
const AccountPage = lazyPart(async () => ({ default: (await import("../account/AccountPage")).AccountPage }));
const ConsolePage = lazyPart(async () => ({ default: (await import("../admin/ConsolePage")).ConsolePage }));
const TrashPage = lazyPart(async () => ({ default: (await import("../library/TrashPage")).TrashPage }));
const RecordPage = lazyPart(async () => ({ default: (await import("../upload/RecordPage")).RecordPage }));
const SearchPage = lazyPart(async () => ({ default: (await import("../search/SearchPage")).SearchPage }));
const RegisterPage = lazyPart(async () => ({ default: (await import("../login/RegisterPage")).RegisterPage }));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Retry network and server errors; a refused request would be refused again.
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
});

export function App() {
  const language = useLanguage();
  const theme = useTheme();
  useEffect(() => {
    void loadLanguage(language);
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = theme;
  }, [language, theme]);
  return (
    <ConfigProvider
      locale={language === "en" ? en : zh}
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: theme === "dark" ? themes.darkAlgorithm : themes.defaultAlgorithm,
        token: { ...(theme === "dark" ? DARK : LIGHT), borderRadius: 8, fontFamily: FONT, motion: !REDUCED_MOTION },
        components: {
          Select: { optionSelectedBg: theme === "dark" ? "#173430" : LIGHT.colorInfoBg },
          Button: hoverColors(theme === "dark" ? DARK.colorLink : LIGHT.colorLink),
        },
      }}
    >
      <CssVariables />
      <AntApp>
        <QueryClientProvider client={queries}>
          <BrowserRouter basename={basePath}>
            <OfflineNotice />
            <Suspense fallback={<Loading />}>
              <Routes>
                <Route path="/sign-in" element={<SignInPage />} />
                <Route path="/register" element={<RegisterPage />} />
                <Route element={<Shell />}>
                  <Route index element={<LibraryPage />} />
                  <Route path="record" element={<RecordPage />} />
                  <Route path="trash" element={<TrashPage />} />
                  <Route path="search" element={<SearchPage />} />
                  <Route path="recordings/:id" element={<RecordingPage />} />
                  <Route path="account/*" element={<AccountPage />} />
                  <Route path="admin/*" element={<ConsolePage />} />
                  <Route path="*" element={<NotFound />} />
                </Route>
              </Routes>
            </Suspense>
          </BrowserRouter>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}

// Contrast meets WCAG AA on both backgrounds.
const LIGHT = {
  colorPrimary: "#1d6f66",
  colorLink: "#1d6f66",
  colorLinkHover: "#155850",
  colorLinkActive: "#155850",
  colorSuccess: "#1f7a33",
  colorSuccessBg: "#e8f5ea",
  colorSuccessBorder: "#b7dfbe",
  colorWarning: "#955400",
  colorWarningBg: "#fff4e0",
  colorWarningBorder: "#f2d29b",
  colorError: "#c02626",
  colorErrorBg: "#fdecec",
  colorErrorBorder: "#f3bcbc",
  colorInfo: "#1d6f66",
  colorInfoBg: "#e4f1ef",
  colorInfoBorder: "#aed5cf",
  colorTextTertiary: "#5f6368",
  colorTextPlaceholder: "#6b6f76",
  colorTextDescription: "#5c6066",
};
const DARK = {
  colorPrimary: "#22867a",
  colorInfo: "#22867a",
  colorLink: "#4fc3b3",
  colorLinkHover: "#76d8ca",
  colorLinkActive: "#76d8ca",
  colorBgLayout: "#0f1211",
  colorError: "#ff8a85",
  colorTextTertiary: "#a0a0a0",
  colorTextPlaceholder: "#9a9a9a",
  colorTextDescription: "#a6a6a6",
};

/** Hovered buttons keep a readable contrast. */
function hoverColors(color: string) {
  return {
    defaultHoverColor: color,
    defaultHoverBorderColor: color,
    defaultActiveColor: color,
    defaultActiveBorderColor: color,
  };
}

// No animations for users who asked the system for reduced motion.
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)").matches;
const FONT = `-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif`;

/** Exposes Ant Design's tokens as CSS variables for the page's own classes. */
function CssVariables() {
  const { token } = themes.useToken();
  useEffect(() => {
    const variables = {
      page: token.colorBgLayout,
      surface: token.colorBgContainer,
      raised: token.colorBgElevated,
      text: token.colorText,
      "text-secondary": token.colorTextSecondary,
      border: token.colorBorderSecondary,
      primary: token.colorLink,
      hover: token.colorFillTertiary,
      success: token.colorSuccessText,
      warning: token.colorWarningText,
      error: token.colorErrorText,
      added: token.colorSuccessText,
      font: token.fontFamily,
    };
    for (const [name, value] of Object.entries(variables))
      document.documentElement.style.setProperty(`--${name}`, value);
  }, [token]);
  return null;
}
