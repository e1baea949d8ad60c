// The user's people: consent, samples to play, renaming, merging and deleting.
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Input, Popconfirm, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { Clips, useClipPlayer } from "./Clips";
import { type Person, people, samplesOf } from "./queries";

export function PeopleSection() {
  const { t } = useTranslation();
  const query = useQuery(people());
  if (query.isError) return <ErrorPage error={query.error} retry={() => void query.refetch()} />;
  const found = query.data;
  return (
    <Card title={<h2>{t("people.title")}</h2>} loading={query.isPending}>
      <p className="section-about">{found?.voices === "off" ? t("people.off") : t("people.about")}</p>
      {found?.people.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("people.none")} />}
      <ul className="plain-list" aria-label={t("people.title")}>
        {found?.people.map((one) => (
          <PersonRow
            key={one.id}
            person={one}
            others={found.people.filter((other) => other !== one)}
            editable={found.voices !== "off"}
          />
        ))}
      </ul>
    </Card>
  );
}

interface PersonRowProps {
  person: Person;
  others: readonly Person[];
  editable: boolean;
}

function PersonRow({ person, others, editable }: PersonRowProps) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const [open, setOpen] = useState(false);
  const path = { params: { path: { person_id: person.id } } };
  const invalidates = ["people", "likely-people"];
  const rename = useAction(
    (name: string) => unwrap(api.PATCH("/api/people/{person_id}", { ...path, body: { name } })),
    { invalidates },
  );
  const consent = useAction(
    () =>
      unwrap(api.PUT("/api/people/{person_id}/consent", { ...path, body: { at: new Date().toISOString(), how: "" } })),
    { invalidates },
  );
  const withdraw = useAction(() => unwrap(api.DELETE("/api/people/{person_id}/consent", path)), { invalidates });
  const merge = useAction(
    (into: string) => unwrap(api.POST("/api/people/{person_id}/merge", { ...path, body: { into } })),
    { invalidates },
  );
  const remove = useAction(() => unwrap(api.DELETE("/api/people/{person_id}", path)), { invalidates });
  const { name } = person;
  return (
    <li>
      <div className="about">
        <Input
          key={name}
          variant="borderless"
          defaultValue={name}
          maxLength={64}
          disabled={!editable}
          aria-label={t("people.renameOf", { name })}
          onPressEnter={(event) => event.currentTarget.blur()}
          onBlur={(event) => {
            const fresh = event.target.value.trim();
            if (fresh && fresh !== name) rename.mutate(fresh);
          }}
        />
        <small>
          {t("people.samples", { count: person.samples, recordings: person.recordings })} ·{" "}
          {person.consent
            ? t("people.consented", { at: date(person.consent.at), by: person.consent.by })
            : t("people.noConsent")}
          {person.consent?.how && ` · ${person.consent.how}`}
        </small>
        {open && <Samples person={person} />}
      </div>
      <Space wrap>
        {person.samples > 0 && (
          <Button aria-expanded={open} onClick={() => setOpen(!open)} aria-label={t("people.listenOf", { name })}>
            {t("people.listen")}
          </Button>
        )}
        {person.consent ? (
          <Popconfirm
            title={t("people.withdrawSure", { name })}
            okText={t("people.withdraw")}
            onConfirm={() => withdraw.mutate(undefined)}
          >
            <Button>{t("people.withdraw")}</Button>
          </Popconfirm>
        ) : (
          <Popconfirm
            title={t("people.consentSure", { name })}
            okText={t("people.consents")}
            onConfirm={() => consent.mutate(undefined)}
          >
            <Button disabled={!editable}>{t("people.noteConsent")}</Button>
          </Popconfirm>
        )}
        {others.length > 0 && (
          <Select
            value={null}
            disabled={!editable}
            placeholder={t("people.mergeInto")}
            aria-label={t("people.mergeOf", { name })}
            options={others.map((one) => ({ value: one.id, label: one.name }))}
            onChange={(into: string | null) => into && merge.mutate(into)}
          />
        )}
        <Popconfirm
          title={t("people.deleteSure", { name })}
          okText={t("people.delete")}
          onConfirm={() => remove.mutate(undefined)}
        >
          <Button danger aria-label={t("people.deleteOf", { name })}>
            {t("people.delete")}
          </Button>
        </Popconfirm>
      </Space>
    </li>
  );
}

function Samples({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const play = useClipPlayer();
  const samples = useQuery(samplesOf(person.id)).data ?? [];
  const remove = useAction(
    (sample: string) =>
      unwrap(
        api.DELETE("/api/people/{person_id}/samples/{sample_id}", {
          params: { path: { person_id: person.id, sample_id: sample } },
        }),
      ),
    { invalidates: ["people", "likely-people"] },
  );
  return (
    <ul className="plain-list" aria-label={t("people.samplesOf", { name: person.name })}>
      {samples.map((one) => (
        <li key={one.id}>
          <div className="about">
            <Link to={`/recordings/${one.recording_id}`}>{one.recording}</Link>
            <small>{date(one.recorded_at)}</small>
            {one.playable && <Clips name={person.name} clips={one.clips} play={play} />}
          </div>
          <Popconfirm
            title={t("people.deleteSampleSure")}
            okText={t("people.delete")}
            onConfirm={() => remove.mutate(one.id)}
          >
            <Button size="small" aria-label={t("people.deleteSampleOf", { recording: one.recording })}>
              {t("people.delete")}
            </Button>
          </Popconfirm>
        </li>
      ))}
    </ul>
  );
}
