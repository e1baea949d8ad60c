// A person's channels, and the kinds of events that the page offers.
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../api/client";

export type Channel = Schemas["ChannelOut"];
export type Delivery = Schemas["DeliveryOut"];
export type Kind = Schemas["KindName"];
export type Content = Schemas["Content"];
export type EventKind = Schemas["EventKind"];
export type Problem = Schemas["Problem"];

export const KINDS: readonly Kind[] = ["feishu", "dingtalk", "wecom", "webhook"];
export const CONTENTS: readonly Content[] = ["ids", "link", "minutes", "transcript"];

/** Others can be chosen through the API, and stay when a channel is edited here. */
export const OFFERED = [
  "transcript.published",
  "minutes.written",
  "job.failed",
  "transcript.edited",
  "translation.written",
  "recording.created",
  "share.created",
  "channel.paused",
] as const satisfies readonly EventKind[];

export type Offered = (typeof OFFERED)[number];

/** The kind as a key of the texts, where a dot has a meaning. */
export function eventKey(kind: Offered) {
  return `channels.events.${kind.replace(".", "_")}` as `channels.events.${Underscored<Offered>}`;
}

type Underscored<Name extends string> = Name extends `${infer Before}.${infer After}` ? `${Before}_${After}` : Name;

export function ownChannels() {
  return queryOptions({ queryKey: ["channels"], queryFn: () => unwrap(api.GET("/api/channels")) });
}

export function deliveriesOf(channel: string) {
  return queryOptions({
    queryKey: ["channels", channel, "deliveries"],
    queryFn: () =>
      unwrap(api.GET("/api/channels/{channel_id}/deliveries", { params: { path: { channel_id: channel } } })),
  });
}
