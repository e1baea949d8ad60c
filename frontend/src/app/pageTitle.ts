// The title of the browser's tab: what has just happened, the page, the product.
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

let page = "";
let product = "";
let notice = "";

function show() {
  document.title = [notice, page, product].filter(Boolean).join(" · ");
}

/** Names the page that is shown; undefined while its name is not known. */
export function usePageTitle(title: string | undefined) {
  const { t } = useTranslation();
  const name = t("app.name");
  useEffect(() => {
    page = title ?? "";
    product = name;
    show();
  }, [title, name]);
}

/** Puts a notice before the title until somebody looks at the page. */
export function noticeInTitle(text: string) {
  if (!document.hidden) return;
  notice = text;
  show();
  const seen = () => {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", seen);
    notice = "";
    show();
  };
  document.addEventListener("visibilitychange", seen);
}
