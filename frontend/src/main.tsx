// Where the page begins.
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { session } from "./login/session";
import "./locales/i18n";
import "./app/page.css";

void session.restore().finally(() => createRoot(document.getElementById("root")!).render(<App />));
