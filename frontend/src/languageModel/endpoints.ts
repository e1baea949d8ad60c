// The endpoints of one person, or of the house: the same acts under two addresses.
import { queryOptions } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../api/client";

export type Whose = "mine" | "house";
export type Endpoint = Schemas["EndpointOut"];
/** Where `key` is left out, the key that is there stays; `allow_private` is for those of the house. */
export type EndpointWish = Schemas["EndpointIn"] & { allow_private?: boolean };

const MINE = "/api/language-model/endpoints";
const HOUSE = "/api/admin/language-model/endpoints";

export function modelState() {
  return queryOptions({ queryKey: ["language-model"], queryFn: () => answer(api.GET("/api/language-model")) });
}

export function endpointsOf(whose: Whose) {
  return queryOptions({ queryKey: ["endpoints", whose], queryFn: () => answer(whose === "mine" ? api.GET(MINE) : api.GET(HOUSE)) });
}

export function keep(whose: Whose, id: string | null, body: EndpointWish) {
  if (whose === "mine") return answer(id === null ? api.POST(MINE, { body }) : api.PUT(`${MINE}/{endpoint_id}`, { params: { path: { endpoint_id: id } }, body }));
  const shared = { allow_private: false, ...body };
  return answer(id === null ? api.POST(HOUSE, { body: shared }) : api.PUT(`${HOUSE}/{shared_endpoint_id}`, { params: { path: { shared_endpoint_id: id } }, body: shared }));
}

export function remove(whose: Whose, id: string) {
  if (whose === "mine") return answer(api.DELETE(`${MINE}/{endpoint_id}`, { params: { path: { endpoint_id: id } } }));
  return answer(api.DELETE(`${HOUSE}/{shared_endpoint_id}`, { params: { path: { shared_endpoint_id: id } } }));
}

export function tested(whose: Whose, id: string) {
  if (whose === "mine") return answer(api.POST(`${MINE}/{endpoint_id}/test`, { params: { path: { endpoint_id: id } } }));
  return answer(api.POST(`${HOUSE}/{shared_endpoint_id}/test`, { params: { path: { shared_endpoint_id: id } } }));
}
