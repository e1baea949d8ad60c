// Where the page begins. Who was sent a link gets a page of its own, with nothing of the rest.
import { createRoot } from "react-dom/client";
import { session } from "./login/session";
import "./locales/i18n";
import "./app/page.css";

const root = createRoot(document.getElementById("root")!);
const shared = /^\/s\/([0-9a-f]{32})\/?$/.exec(location.pathname)?.[1];
if (shared) {
  void import("./shares/SharePage").then(({ SharePage }) => root.render(<SharePage id={shared} />));
} else {
  const restored = session.restore().catch(() => {});
  void import("./app/App").then(({ App }) => restored.then(() => root.render(<App />)));
}
