// What was sent to a channel, when and with which result; each can be sent again.
import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Modal, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { numberOf } from "./ChannelsSection";
import { type Channel, type Delivery, deliveriesOf, eventKey, OFFERED } from "./channels";

const COLOURS = {
  waiting: "processing",
  sending: "processing",
  delivered: "success",
  failed: "error",
  skipped: undefined,
} as const;

export function DeliveriesDialog({ channel, close }: { channel: Channel; close: () => void }) {
  const { t } = useTranslation();
  const found = useQuery(deliveriesOf(channel.id));
  return (
    <Modal
      open
      width={640}
      title={t("channels.deliveriesOf", { name: channel.name })}
      onCancel={close}
      footer={<Button onClick={() => void found.refetch()}>{t("channels.refresh")}</Button>}
    >
      {found.isError && <ErrorAlert error={found.error} retry={() => void found.refetch()} />}
      {found.data?.deliveries.length === 0 && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("channels.noDeliveries")} />
      )}
      <ul className="plain-list" aria-label={t("channels.deliveries")}>
        {found.data?.deliveries.map((delivery) => (
          <Row key={delivery.id} channel={channel} delivery={delivery} />
        ))}
      </ul>
    </Modal>
  );
}

function Row({ channel, delivery }: { channel: Channel; delivery: Delivery }) {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const again = useAction(
    () =>
      unwrap(
        api.POST("/api/channels/{channel_id}/deliveries/{delivery_id}/send", {
          params: { path: { channel_id: channel.id, delivery_id: delivery.id } },
        }),
      ),
    { invalidates: ["channels"] },
  );
  const offered = OFFERED.find((one) => one === delivery.kind);
  const what = offered ? t(eventKey(offered)) : delivery.kind;
  return (
    <li>
      <div className="about">
        {what} <Tag color={COLOURS[delivery.status]}>{t(`channels.statuses.${delivery.status}`)}</Tag>
        <small>{dateTime(delivery.happened_at)}</small>
        {delivery.code && <small>{t(`channels.problems.${delivery.code}`)}</small>}
        {delivery.history.map((tried) => (
          <small key={tried.at}>
            {dateTime(tried.at)} · {tried.code ? t(`channels.problems.${tried.code}`) : t("channels.arrived")}{" "}
            {numberOf(tried)}
          </small>
        ))}
        {delivery.next_at && <small>{t("channels.next", { at: dateTime(delivery.next_at) })}</small>}
      </div>
      {channel.state !== "off" && delivery.status !== "sending" && (
        <Button
          loading={again.isPending}
          aria-label={t("channels.sendAgainOf", { what, at: dateTime(delivery.happened_at) })}
          onClick={() => again.mutate()}
        >
          {t("channels.sendAgain")}
        </Button>
      )}
    </li>
  );
}
