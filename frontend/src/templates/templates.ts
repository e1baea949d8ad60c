// Requests for minutes templates: built-in, shared and own.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError, api, type Schemas, unwrap } from "../api/client";

export type Template = Schemas["TemplateOut"];
export type TemplateInput = Schemas["TemplateIn"];
/** Whose templates are edited: the user's own, or the shared ones. */
export type Scope = "mine" | "shared";

const BUILT_IN = ["bluf", "weekly", "review", "customer", "interview", "official"] as const;
const SHARED = "/api/admin/templates";
const OWN = "/api/templates";

/** The default template. */
export const DEFAULT = "bluf";

export function templatesQuery() {
  return queryOptions({ queryKey: ["templates"], queryFn: () => unwrap(api.GET(OWN)), staleTime: 60_000 });
}

/** `basedOn` is the version that was edited; null for a new template. */
export function saveTemplate(
  scope: Scope,
  key: string | null,
  values: TemplateInput,
  basedOn: number | null,
): Promise<Template> {
  const body = key === null ? values : { ...values, based_on: basedOn };
  if (scope === "mine")
    return unwrap(
      key === null
        ? api.POST(OWN, { body })
        : api.PUT(`${OWN}/{template}`, { params: { path: { template: key } }, body }),
    );
  return unwrap(
    key === null
      ? api.POST(SHARED, { body })
      : api.PUT(`${SHARED}/{shared_template}`, { params: { path: { shared_template: key } }, body }),
  );
}

export function deleteTemplate(scope: Scope, key: string) {
  if (scope === "mine") return unwrap(api.DELETE(`${OWN}/{template}`, { params: { path: { template: key } } }));
  return unwrap(api.DELETE(`${SHARED}/{shared_template}`, { params: { path: { shared_template: key } } }));
}

/** The template as it is now, if this error says that it was changed in the meantime. */
export function templateNow(error: unknown): (TemplateInput & { version: number }) | null {
  if (!(error instanceof ApiError) || error.code !== "template_changed") return null;
  return error.details.template as TemplateInput & { version: number };
}

/** Whether a template is built in, shared or the user's own. */
export function kindOf(template: Template): "mine" | "shared" | "builtIn" {
  return template.built_in ? "builtIn" : template.shared ? "shared" : "mine";
}

/** The name of a template; built-in ones are translated. */
export function useTemplateName() {
  const { t } = useTranslation();
  return ({ key, name }: { key?: unknown; name?: unknown }): string => {
    const builtIn = BUILT_IN.find((one) => one === key);
    return builtIn ? t(`templates.names.${builtIn}`) : typeof name === "string" ? name : "";
  };
}

/** What a template focuses on; that of built-in ones is translated. */
export function useTemplateGuidance() {
  const { t } = useTranslation();
  return ({ key, guidance }: { key: string; guidance: string }): string => {
    const builtIn = BUILT_IN.find((one) => one === key);
    return builtIn ? t(`templates.guidances.${builtIn}`) : guidance;
  };
}

/** The options of a template select, own templates first. */
export function useTemplateChoices() {
  const { t } = useTranslation();
  const nameOf = useTemplateName();
  const found = useQuery(templatesQuery());
  const groups = (["mine", "shared", "builtIn"] as const).flatMap((kind) => {
    const options = (found.data ?? [])
      .filter((one) => kindOf(one) === kind)
      .map((one) => ({ value: one.key, label: nameOf(one) }));
    return options.length ? [{ label: t(`templates.${kind}`), title: t(`templates.${kind}`), options }] : [];
  });
  return { groups, found };
}
