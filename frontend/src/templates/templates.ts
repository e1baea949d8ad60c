// Templates of minutes: the built-in ones, everybody's and one's own; what can be done with them.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";

export type Template = Schemas["TemplateOut"];
export type TemplateWish = Schemas["TemplateIn"];
/** Whose templates are made and changed: one's own, or those for everybody. */
export type Whose = "mine" | "house";

const BUILT_IN = ["bluf", "weekly", "review", "customer", "interview", "official"] as const;
const HOUSE = "/api/admin/templates";
const MINE = "/api/templates";

/** A template that nobody chose. */
export const DEFAULT = "bluf";

export function templatesThereAre() {
  return queryOptions({ queryKey: ["templates"], queryFn: () => answer(api.GET(MINE)), staleTime: 60_000 });
}

export function keep(whose: Whose, key: string | null, body: TemplateWish): Promise<Template> {
  if (whose === "mine") return answer(key === null ? api.POST(MINE, { body }) : api.PUT(`${MINE}/{template}`, { params: { path: { template: key } }, body }));
  return answer(key === null ? api.POST(HOUSE, { body }) : api.PUT(`${HOUSE}/{shared_template}`, { params: { path: { shared_template: key } }, body }));
}

export function remove(whose: Whose, key: string) {
  if (whose === "mine") return answer(api.DELETE(`${MINE}/{template}`, { params: { path: { template: key } } }));
  return answer(api.DELETE(`${HOUSE}/{shared_template}`, { params: { path: { shared_template: key } } }));
}

/** Whose a template is. */
export function kindOf(template: Template): "mine" | "shared" | "builtIn" {
  return template.built_in ? "builtIn" : template.shared ? "shared" : "mine";
}

/** What a template is called: a built-in one in the language of the page. */
export function useTemplateName() {
  const { t } = useTranslation();
  return ({ key, name }: { key?: unknown; name?: unknown }): string => {
    const known = BUILT_IN.find((one) => one === key);
    return known ? t(`templates.names.${known}`) : typeof name === "string" ? name : "";
  };
}

/** The templates to choose from, one's own first. */
export function useTemplateChoices() {
  const { t } = useTranslation();
  const nameOf = useTemplateName();
  const found = useQuery(templatesThereAre());
  const groups = (["mine", "shared", "builtIn"] as const).flatMap((kind) => {
    const options = (found.data ?? []).filter((one) => kindOf(one) === kind).map((one) => ({ value: one.key, label: nameOf(one) }));
    return options.length ? [{ label: t(`templates.${kind}`), title: t(`templates.${kind}`), options }] : [];
  });
  return { groups, found };
}
