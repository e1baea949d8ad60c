// The dialog that adds or edits a channel. The secret of a new webhook is shown once.
import { Alert, Button, Checkbox, Form, Input, Modal, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { type Channel, CONTENTS, type Content, type EventKind, eventKey, KINDS, type Kind, OFFERED } from "./channels";

interface Values {
  kind: Kind;
  name: string;
  address?: string;
  secret?: string;
  events: EventKind[];
  content: Content;
}

const SIGNED: readonly Kind[] = ["feishu", "dingtalk"];
const DEFAULTS: Pick<Values, "kind" | "events" | "content"> = {
  kind: "feishu",
  events: ["transcript.published", "minutes.written", "job.failed"],
  content: "link",
};

export function ChannelDialog({ channel, close }: { channel: Channel | null; close: () => void }) {
  const { t, i18n } = useTranslation();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch("kind", form) ?? channel?.kind ?? DEFAULTS.kind;
  const language = i18n.language.startsWith("zh") ? "zh" : "en";
  const others = channel?.events.filter((one) => !OFFERED.some((offered) => offered === one)) ?? [];

  async function save(values: Values): Promise<string | null> {
    const events = [...values.events, ...others];
    const { name, content } = values;
    const address = values.address?.trim();
    const secret = values.secret?.trim();
    const given = { ...(address && { address }), ...(secret && { secret }) };
    if (channel) {
      const path = { channel_id: channel.id };
      const body = { name: name.trim(), events, content, language, ...given } as const;
      await unwrap(api.PATCH("/api/channels/{channel_id}", { params: { path }, body }));
      return null;
    }
    const body = {
      kind: values.kind,
      name: name.trim(),
      events,
      content,
      language,
      address: address ?? "",
      ...given,
    } as const;
    return (await unwrap(api.POST("/api/channels", { body }))).secret;
  }

  const saved = useAction(save, {
    silent: true,
    invalidates: ["channels"],
    onDone: (secret) => {
      if (secret === null) close();
    },
  });
  if (saved.data) return <SecretShown secret={saved.data} close={close} />;
  return (
    <Modal open title={t(channel ? "channels.editTitle" : "channels.add")} onCancel={close} footer={null}>
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={
          channel ? { ...channel, events: channel.events.filter((one) => !others.includes(one)) } : DEFAULTS
        }
        onFinish={(values) => saved.mutate({ ...values, kind })}
      >
        <ErrorAlert error={saved.error} />
        {!channel && (
          <Form.Item name="kind" label={t("channels.kind")} extra={t(`channels.kindAbout.${kind}`)}>
            <Select options={KINDS.map((value) => ({ value, label: t(`channels.kinds.${value}`) }))} />
          </Form.Item>
        )}
        <Form.Item
          name="name"
          label={t("channels.name")}
          rules={[{ required: true, whitespace: true, message: t("channels.nameMissing") }]}
        >
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="address"
          label={t("channels.address")}
          extra={channel ? t("channels.addressStays", { host: channel.host }) : undefined}
          rules={channel ? [] : [{ required: true, whitespace: true, message: t("channels.addressMissing") }]}
        >
          <Input maxLength={1000} autoComplete="off" placeholder="https://" />
        </Form.Item>
        {SIGNED.includes(kind) && (
          <Form.Item name="secret" label={t("channels.secret")} extra={t("channels.secretAbout")}>
            <Input.Password maxLength={200} autoComplete="new-password" />
          </Form.Item>
        )}
        <Form.Item
          name="events"
          label={t("channels.when")}
          rules={others.length ? [] : [{ type: "array", min: 1, message: t("channels.whenMissing") }]}
        >
          <Checkbox.Group options={OFFERED.map((value) => ({ value, label: t(eventKey(value)) }))} />
        </Form.Item>
        <Form.Item name="content" label={t("channels.content")} extra={t("channels.contentAbout")}>
          <Select options={CONTENTS.map((value) => ({ value, label: t(`channels.contents.${value}`) }))} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={saved.isPending}>
          {t("channels.save")}
        </Button>
      </Form>
    </Modal>
  );
}

function SecretShown({ secret, close }: { secret: string; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      open
      title={t("channels.made")}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={close}>
          {t("channels.copied")}
        </Button>
      }
    >
      <Alert className="spaced" type="warning" showIcon title={t("channels.once")} />
      <Typography.Paragraph className="secret" copyable={{ text: secret }}>
        <code aria-label={t("channels.secret")}>{secret}</code>
      </Typography.Paragraph>
    </Modal>
  );
}
