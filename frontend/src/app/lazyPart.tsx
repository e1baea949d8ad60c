// Components that are loaded when they are first shown.
import { type ComponentType, lazy } from "react";
import { loaded } from "./chunk";
import { ReloadNotice } from "./Feedback";

// biome-ignore lint/suspicious/noExplicitAny: as React's own type of lazy
type Props = any;

/** Like React's `lazy`, for a component that may not come: without a network, or after the server was upgraded. */
export function lazyPart<Component extends ComponentType<Props>>(load: () => Promise<{ default: Component }>) {
  return lazy(() => loaded(load, { default: ReloadNotice as unknown as Component }));
}
