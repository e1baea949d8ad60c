// The share dialog: create a link for people without an account, list and revoke existing links.
import { CopyOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, List, Modal, Select, Space, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { api, type Schemas, unwrap } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import type { RecordingRef } from "../exports/useExport";
import "./share-dialog.css";

type Share = Schemas["ShareOut"];
type CreatedShare = Schemas["CreatedShare"];

const PARTS = ["transcript", "audio", "minutes"] as const;
const DAYS = [1, 7, 30, 90, 365];

export function ShareDialog({ recording, close }: { recording: RecordingRef; close: () => void }) {
  const { t } = useTranslation();
  const [created, setCreated] = useState<CreatedShare | null>(null);
  return (
    <Modal open width={560} title={t("share.title")} footer={null} onCancel={close}>
      <p className="secondary">{t("share.about")}</p>
      {created ? <CreatedLink created={created} /> : <NewLink recording={recording} done={setCreated} />}
      <Links recording={recording} />
    </Modal>
  );
}

function NewLink({ recording, done }: { recording: RecordingRef; done: (created: CreatedShare) => void }) {
  const { t } = useTranslation();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const [shown, setShown] = useState<readonly string[]>(["transcript"]);
  const [days, setDays] = useState(30);
  const make = useMutation({
    mutationFn: () => {
      const [transcript, audio, minutes] = PARTS.map((part) => shown.includes(part)) as [boolean, boolean, boolean];
      const path = { recording_id: recording.id };
      return unwrap(
        api.POST("/api/recordings/{recording_id}/shares", {
          params: { path },
          body: { audio, transcript, minutes, days },
        }),
      );
    },
    onSuccess: (created) => {
      done(created);
      void queries.invalidateQueries({ queryKey: ["recording", recording.id, "shares"] });
    },
    onError: messages.show,
  });
  return (
    <div className="share-new">
      <fieldset>
        <legend>{t("share.shows")}</legend>
        <Checkbox.Group
          value={[...shown]}
          onChange={setShown}
          options={PARTS.map((value) => ({ value, label: t(`share.${value}`) }))}
        />
        {shown.length === 0 && (
          <p className="problem" role="alert">
            {t("share.nothing")}
          </p>
        )}
      </fieldset>
      <label>
        {t("share.days")}
        <Select
          value={days}
          onChange={setDays}
          options={DAYS.map((count) => ({ value: count, label: t("share.day", { count }) }))}
        />
      </label>
      <Button type="primary" disabled={shown.length === 0} loading={make.isPending} onClick={() => make.mutate()}>
        {t("share.make")}
      </Button>
    </div>
  );
}

function CreatedLink({ created }: { created: CreatedShare }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const link = addressOf(created.id);
  return (
    <Alert
      type="success"
      title={t("share.made")}
      description={
        <dl className="share-created">
          <dt>{t("share.link")}</dt>
          <dd>
            <Typography.Text code>{link}</Typography.Text>
          </dd>
          <dt>{t("share.code")}</dt>
          <dd>
            <Typography.Text code strong>
              {created.access_code}
            </Typography.Text>
          </dd>
        </dl>
      }
      action={
        <Button
          type="primary"
          icon={<CopyOutlined aria-hidden />}
          onClick={() => copy(t("share.copyText", { link, code: created.access_code }))}
        >
          {t("share.copy")}
        </Button>
      }
    />
  );
}

function Links({ recording }: { recording: RecordingRef }) {
  const { t } = useTranslation();
  const path = { recording_id: recording.id };
  const shares = useQuery({
    queryKey: ["recording", recording.id, "shares"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/shares", { params: { path } })),
  });
  if (shares.isError) return <ErrorPage error={shares.error} retry={() => void shares.refetch()} />;
  if (!shares.data) return <Loading />;
  return (
    <section className="share-links" aria-label={t("share.existing")}>
      <h3>{t("share.existing")}</h3>
      <List
        size="small"
        dataSource={shares.data}
        locale={{ emptyText: t("share.none") }}
        renderItem={(share) => <Link key={share.id} share={share} recording={recording} />}
      />
    </section>
  );
}

function Link({ share, recording }: { share: Share; recording: RecordingRef }) {
  const { t, i18n } = useTranslation();
  const { modal } = App.useApp();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  const copy = useCopy();
  const date = (when: string) =>
    new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(when));
  const over = share.revoked_at
    ? t("share.revoked")
    : new Date(share.expires_at) <= new Date()
      ? t("share.expired")
      : null;

  function revoke() {
    modal.confirm({
      title: t("share.revokeTitle"),
      content: t("share.revokeAbout"),
      okText: t("share.revoke"),
      okButtonProps: { danger: true },
      onOk: async () => {
        const path = { recording_id: recording.id, share_id: share.id };
        await unwrap(api.DELETE("/api/recordings/{recording_id}/shares/{share_id}", { params: { path } })).catch(
          messages.show,
        );
        await queries.invalidateQueries({ queryKey: ["recording", recording.id, "shares"] });
      },
    });
  }

  return (
    <List.Item
      actions={
        over
          ? []
          : [
              <Button key="copy" type="link" size="small" onClick={() => copy(addressOf(share.id))}>
                {t("share.copyLink")}
              </Button>,
              <Button key="revoke" type="link" size="small" danger onClick={revoke}>
                {t("share.revoke")}
              </Button>,
            ]
      }
    >
      <div>
        <Space size={4} wrap>
          {PARTS.filter((part) => share[part]).map((part) => (
            <Tag key={part}>{t(`share.${part}`)}</Tag>
          ))}
          {over ? <Tag color="default">{over}</Tag> : <span>{t("share.until", { date: date(share.expires_at) })}</span>}
        </Space>
        <br />
        <small>
          {share.opened_at
            ? `${t("share.opened", { count: share.opened })} · ${t("share.openedAt", { date: date(share.opened_at) })}`
            : t("share.neverOpened")}
        </small>
      </div>
    </List.Item>
  );
}

function addressOf(id: string): string {
  return `${location.origin}${pathOf(`/s/${id}`)}`;
}

function useCopy() {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  return (text: string) => {
    // Over plain HTTP there is no clipboard API, so the text is shown to be copied by hand.
    const written =
      "clipboard" in navigator ? navigator.clipboard.writeText(text) : Promise.reject(new Error("no clipboard"));
    written.then(
      () => void message.success(t("share.copied")),
      () => void modal.info({ title: t("share.copy"), content: <pre className="share-text">{text}</pre> }),
    );
  };
}
