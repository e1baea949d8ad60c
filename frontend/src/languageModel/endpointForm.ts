// The values of the endpoint form, and what is sent for them.
import type { Endpoint, EndpointInput } from "./endpoints";
import type { Preset } from "./presets";

export interface HeaderRow {
  name: string;
  value?: string;
}

export interface EndpointForm {
  name: string;
  url: string;
  model: string;
  key?: string;
  context_tokens: number;
  allow_private?: boolean;
  protocol: Endpoint["protocol"];
  temperature?: number | null;
  parameters?: string;
  headers?: HeaderRow[];
}

export function formOf(endpoint: Endpoint | null): Partial<EndpointForm> {
  if (!endpoint) return { context_tokens: 8192, protocol: "openai", headers: [] };
  const { name, url, model, context_tokens, allow_private, protocol, temperature } = endpoint;
  const headers = endpoint.headers.map((header) => ({ name: header }));
  return {
    ...{ name, url, model, context_tokens, allow_private, protocol, temperature, headers },
    parameters: parametersText(endpoint.parameters),
  };
}

/** The fields that a preset fills in. */
export function formOfPreset(preset: Preset, name: string): Partial<EndpointForm> {
  const { url, protocol, context_tokens } = preset;
  return {
    ...{ name, url, protocol, context_tokens },
    parameters: parametersText(preset.parameters ?? {}),
    allow_private: preset.local ?? false,
  };
}

/** A header without a value keeps the stored one; without a key the stored key is kept. */
export function inputOf(form: EndpointForm): EndpointInput {
  const { key, parameters, headers, temperature, ...rest } = form;
  return {
    ...rest,
    ...(key ? { key } : {}),
    temperature: temperature ?? null,
    parameters: readParameters(parameters) ?? {},
    headers: Object.fromEntries((headers ?? []).map((row) => [row.name.trim(), row.value || null])),
  };
}

/** The JSON object, `{}` for an empty text, or null for anything else. */
export function readParameters(text: string | undefined): Record<string, unknown> | null {
  if (!text?.trim()) return {};
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function parametersText(parameters: Record<string, unknown>): string {
  return Object.keys(parameters).length > 0 ? JSON.stringify(parameters, null, 2) : "";
}
