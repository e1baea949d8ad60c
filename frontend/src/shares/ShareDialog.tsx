// Share links: making one for people without an account, and looking after those that there are.
import { CopyOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, List, Modal, Select, Space, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Schemas } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed, Waiting } from "../app/Notice";
import type { Named } from "../exports/take";
import "./share-dialog.css";

type Share = Schemas["ShareOut"];
type Made = Schemas["ShareMade"];

const PARTS = ["transcript", "audio", "minutes"] as const;
const DAYS = [1, 7, 30, 90, 365];

export function ShareDialog({ recording, close }: { recording: Named; close: () => void }) {
  const { t } = useTranslation();
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Modal open width={560} title={t("share.title")} footer={null} onCancel={close}>
      <p className="quiet">{t("share.about")}</p>
      {made ? <JustMade made={made} /> : <NewLink recording={recording} done={setMade} />}
      <Links recording={recording} />
    </Modal>
  );
}

function NewLink({ recording, done }: { recording: Named; done: (made: Made) => void }) {
  const { t } = useTranslation();
  const messages = useMessages();
  const queries = useQueryClient();
  const [shown, setShown] = useState<readonly string[]>(["transcript"]);
  const [days, setDays] = useState(30);
  const make = useMutation({
    mutationFn: () => {
      const [transcript, audio, minutes] = PARTS.map((part) => shown.includes(part)) as [boolean, boolean, boolean];
      const path = { recording_id: recording.id };
      return answer(api.POST("/api/recordings/{recording_id}/shares", { params: { path }, body: { audio, transcript, minutes, days } }));
    },
    onSuccess: (made) => {
      done(made);
      void queries.invalidateQueries({ queryKey: ["recording", recording.id, "shares"] });
    },
    onError: messages.tell,
  });
  return (
    <div className="share-new">
      <fieldset>
        <legend>{t("share.shows")}</legend>
        <Checkbox.Group value={[...shown]} onChange={setShown} options={PARTS.map((value) => ({ value, label: t(`share.${value}`) }))} />
        {shown.length === 0 && <p className="problem" role="alert">{t("share.nothing")}</p>}
      </fieldset>
      <label>
        {t("share.days")}
        <Select value={days} onChange={setDays} options={DAYS.map((count) => ({ value: count, label: t("share.day", { count }) }))} />
      </label>
      <Button type="primary" disabled={shown.length === 0} loading={make.isPending} onClick={() => make.mutate()}>{t("share.make")}</Button>
    </div>
  );
}

function JustMade({ made }: { made: Made }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const link = addressOf(made.id);
  return (
    <Alert
      type="success"
      title={t("share.made")}
      description={
        <dl className="share-made">
          <dt>{t("share.link")}</dt>
          <dd><Typography.Text code>{link}</Typography.Text></dd>
          <dt>{t("share.code")}</dt>
          <dd><Typography.Text code strong>{made.access_code}</Typography.Text></dd>
        </dl>
      }
      action={<Button type="primary" icon={<CopyOutlined aria-hidden />} onClick={() => copy(t("share.copyText", { link, code: made.access_code }))}>{t("share.copy")}</Button>}
    />
  );
}

function Links({ recording }: { recording: Named }) {
  const { t } = useTranslation();
  const path = { recording_id: recording.id };
  const shares = useQuery({
    queryKey: ["recording", recording.id, "shares"],
    queryFn: () => answer(api.GET("/api/recordings/{recording_id}/shares", { params: { path } })),
  });
  if (shares.isError) return <Failed error={shares.error} again={() => void shares.refetch()} />;
  if (!shares.data) return <Waiting />;
  return (
    <section className="share-links" aria-label={t("share.existing")}>
      <h3>{t("share.existing")}</h3>
      <List size="small" dataSource={shares.data} locale={{ emptyText: t("share.none") }} renderItem={(share) => <Link key={share.id} share={share} recording={recording} />} />
    </section>
  );
}

function Link({ share, recording }: { share: Share; recording: Named }) {
  const { t, i18n } = useTranslation();
  const { modal } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  const copy = useCopy();
  const date = (when: string) => new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(when));
  const over = share.revoked_at ? t("share.revoked") : new Date(share.expires_at) <= new Date() ? t("share.expired") : null;

  function revoke() {
    modal.confirm({
      title: t("share.revokeTitle"),
      content: t("share.revokeAbout"),
      okText: t("share.revoke"),
      okButtonProps: { danger: true },
      onOk: async () => {
        const path = { recording_id: recording.id, share_id: share.id };
        await answer(api.DELETE("/api/recordings/{recording_id}/shares/{share_id}", { params: { path } })).catch(messages.tell);
        await queries.invalidateQueries({ queryKey: ["recording", recording.id, "shares"] });
      },
    });
  }

  return (
    <List.Item
      actions={over ? [] : [
        <Button key="copy" type="link" size="small" onClick={() => copy(addressOf(share.id))}>{t("share.copyLink")}</Button>,
        <Button key="revoke" type="link" size="small" danger onClick={revoke}>{t("share.revoke")}</Button>,
      ]}
    >
      <div>
        <Space size={4} wrap>
          {PARTS.filter((part) => share[part]).map((part) => <Tag key={part}>{t(`share.${part}`)}</Tag>)}
          {over ? <Tag color="default">{over}</Tag> : <span>{t("share.until", { date: date(share.expires_at) })}</span>}
        </Space>
        <br />
        <small>
          {share.opened_at ? `${t("share.opened", { count: share.opened })} · ${t("share.openedAt", { date: date(share.opened_at) })}` : t("share.neverOpened")}
        </small>
      </div>
    </List.Item>
  );
}

function addressOf(id: string): string {
  return `${location.origin}/s/${id}`;
}

function useCopy() {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  return (text: string) => {
    // Where the page came over plain HTTP there is no clipboard: then people copy by hand.
    const written = "clipboard" in navigator ? navigator.clipboard.writeText(text) : Promise.reject(new Error("no clipboard"));
    written.then(() => void message.success(t("share.copied")), () => void modal.info({ title: t("share.copy"), content: <pre className="share-text">{text}</pre> }));
  };
}
