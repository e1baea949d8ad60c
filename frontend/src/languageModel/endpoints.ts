// Requests for a user's own endpoints and for system-wide ones: the same operations under two addresses.
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../api/client";

export type Scope = "mine" | "system";
export type Endpoint = Schemas["EndpointOut"];
/** Without `key` the stored key is kept; `allow_private` applies to system-wide endpoints only. */
export type EndpointInput = Schemas["EndpointIn"] & { allow_private?: boolean };

const OWN = "/api/language-model/endpoints";
const SYSTEM = "/api/admin/language-model/endpoints";

export function modelState() {
  return queryOptions({ queryKey: ["language-model"], queryFn: () => unwrap(api.GET("/api/language-model")) });
}

export function endpointsOf(scope: Scope) {
  return queryOptions({
    queryKey: ["endpoints", scope],
    queryFn: () => unwrap(scope === "mine" ? api.GET(OWN) : api.GET(SYSTEM)),
  });
}

export function saveEndpoint(scope: Scope, id: string | null, body: EndpointInput) {
  if (scope === "mine")
    return unwrap(
      id === null
        ? api.POST(OWN, { body })
        : api.PUT(`${OWN}/{endpoint_id}`, { params: { path: { endpoint_id: id } }, body }),
    );
  const shared = { allow_private: false, ...body };
  return unwrap(
    id === null
      ? api.POST(SYSTEM, { body: shared })
      : api.PUT(`${SYSTEM}/{shared_endpoint_id}`, { params: { path: { shared_endpoint_id: id } }, body: shared }),
  );
}

export function deleteEndpoint(scope: Scope, id: string) {
  if (scope === "mine") return unwrap(api.DELETE(`${OWN}/{endpoint_id}`, { params: { path: { endpoint_id: id } } }));
  return unwrap(api.DELETE(`${SYSTEM}/{shared_endpoint_id}`, { params: { path: { shared_endpoint_id: id } } }));
}

export function testEndpoint(scope: Scope, id: string) {
  if (scope === "mine") return unwrap(api.POST(`${OWN}/{endpoint_id}/test`, { params: { path: { endpoint_id: id } } }));
  return unwrap(api.POST(`${SYSTEM}/{shared_endpoint_id}/test`, { params: { path: { shared_endpoint_id: id } } }));
}
