// The channels to which a person's results go out: add, test, edit, turn off, delete, and look at the deliveries.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { ChannelDialog } from "./ChannelDialog";
import { type Channel, ownChannels } from "./channels";
import { DeliveriesDialog } from "./DeliveriesDialog";

const COLOURS = { active: "success", paused: "warning", stopped: "error", off: undefined } as const;

export function ChannelsSection() {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Channel | "new" | null>(null);
  const [shown, setShown] = useState<Channel | null>(null);
  const found = useQuery(ownChannels());
  if (found.isError) return <ErrorPage error={found.error} retry={() => void found.refetch()} />;
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
      {t("channels.add")}
    </Button>
  );
  return (
    <>
      <Card title={<h2>{t("channels.title")}</h2>} extra={found.data?.length ? add : null} loading={found.isPending}>
        <p className="section-about">{t("channels.about")}</p>
        {found.data?.length === 0 && (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("channels.none")}>
            {add}
          </Empty>
        )}
        <ul className="plain-list" aria-label={t("channels.title")}>
          {found.data?.map((channel) => (
            <Row
              key={channel.id}
              channel={channel}
              edit={() => setEditing(channel)}
              showDeliveries={() => setShown(channel)}
            />
          ))}
        </ul>
      </Card>
      {editing && <ChannelDialog channel={editing === "new" ? null : editing} close={() => setEditing(null)} />}
      {shown && <DeliveriesDialog channel={shown} close={() => setShown(null)} />}
    </>
  );
}

function Row({ channel, edit, showDeliveries }: { channel: Channel; edit: () => void; showDeliveries: () => void }) {
  const { t } = useTranslation();
  const { id, name, state } = channel;
  const path = { params: { path: { channel_id: id } } };
  const test = useAction(() => unwrap(api.POST("/api/channels/{channel_id}/test", path)), {
    invalidates: ["channels"],
  });
  const turn = useAction((on: boolean) => unwrap(api.PATCH("/api/channels/{channel_id}", { ...path, body: { on } })), {
    invalidates: ["channels"],
  });
  const drop = useAction(() => unwrap(api.DELETE("/api/channels/{channel_id}", path)), {
    successMessage: t("channels.removed"),
    invalidates: ["channels"],
  });
  const tried = test.data?.history.at(-1);
  return (
    <li>
      <div className="about">
        {name} <Tag>{t(`channels.kinds.${channel.kind}`)}</Tag>
        <Tag color={COLOURS[state]}>{t(`channels.states.${state}`)}</Tag>
        <small>{channel.readable ? channel.host : t("channels.unreadable")}</small>
        {channel.problem && <small>{t(`channels.problems.${channel.problem}`)}</small>}
        {tried && (
          <small role="status">
            {tried.code
              ? t("channels.testFailed", { why: t(`channels.problems.${tried.code}`), number: numberOf(tried) })
              : t("channels.testArrived")}
          </small>
        )}
      </div>
      <div className="row-actions">
        {state !== "off" && (
          <Button loading={test.isPending} aria-label={t("channels.testOf", { name })} onClick={() => test.mutate()}>
            {t("channels.test")}
          </Button>
        )}
        <Button aria-label={t("channels.deliveriesOf", { name })} onClick={showDeliveries}>
          {t("channels.deliveries")}
        </Button>
        <Button aria-label={t("channels.editOf", { name })} onClick={edit}>
          {t("channels.edit")}
        </Button>
        {state === "active" ? (
          <Button aria-label={t("channels.turnOffOf", { name })} onClick={() => turn.mutate(false)}>
            {t("channels.turnOff")}
          </Button>
        ) : (
          <Button aria-label={t("channels.turnOnOf", { name })} onClick={() => turn.mutate(true)}>
            {t("channels.turnOn")}
          </Button>
        )}
        <Popconfirm
          title={t("channels.removeSure", { name })}
          okText={t("library.delete")}
          onConfirm={() => drop.mutate()}
        >
          <Button danger aria-label={t("channels.removeOf", { name })}>
            {t("library.delete")}
          </Button>
        </Popconfirm>
      </div>
    </li>
  );
}

/** The number that the receiver has answered: a robot's own one, or that of HTTP. */
export function numberOf(tried: { status: number | null; reason: string | null }): string {
  return tried.reason ?? (tried.status === null ? "" : `HTTP ${tried.status}`);
}
