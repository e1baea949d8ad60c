// Where the page begins. Who was sent a link gets a page of its own, with nothing of the rest.
import { createRoot } from "react-dom/client";
import { language } from "./app/preferences";
import { speak } from "./locales/i18n";
import { session } from "./login/session";
import "./app/page.css";

const root = createRoot(document.getElementById("root")!);
const texts = speak(language());
const shared = /^\/s\/([0-9a-f]{32})\/?$/.exec(location.pathname)?.[1];
if (shared) {
  void Promise.all([import("./shares/SharePage"), texts]).then(([{ SharePage }]) => root.render(<SharePage id={shared} />));
} else {
  const restored = session.restore().catch(() => {});
  void Promise.all([import("./app/App"), texts, restored]).then(([{ App }]) => root.render(<App />));
}
