// The entry point. A share link loads only its own page.
import { createRoot } from "react-dom/client";
import { basePath } from "./api/basePath";
import { language } from "./app/preferences";
import { loadLanguage } from "./locales/i18n";
import { session } from "./login/session";
import { registerServiceWorker } from "./pwa/register";
import "./app/page.css";

const root = createRoot(document.getElementById("root")!);
const texts = loadLanguage(language());
const path = location.pathname.slice(basePath.length);
const shared = /^s\/([0-9a-f]{32})\/?$/.exec(path)?.[1];
if (shared) {
  void Promise.all([import("./shares/SharePage"), texts]).then(([{ SharePage }]) =>
    root.render(<SharePage id={shared} />),
  );
} else {
  const restored = session.restore().catch(() => {});
  void Promise.all([import("./app/App"), texts, restored]).then(([{ App }]) => root.render(<App />));
}
registerServiceWorker();
