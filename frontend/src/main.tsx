// Where the page begins.
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import "./locales/i18n";
import "./app/page.css";

createRoot(document.getElementById("root")!).render(<App />);
