// The version history: compare two versions, restore one.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Popconfirm, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { api, unwrap, type Version } from "../api/client";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorPage, Loading } from "../app/Feedback";
import type { Doc } from "../document/types";
import { Difference } from "./Difference";
import type { Loaded } from "./readTranscript";
import type { Edit } from "./useEditor";

interface VersionsDrawerProps {
  id: string;
  edit: Edit;
  /** The versions to compare when the drawer opens. */
  compare?: readonly [number, number];
  close: () => void;
}

export function VersionsDrawer({ id, edit, compare, close }: VersionsDrawerProps) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const messages = useErrorMessages();
  const [pair, setPair] = useState(compare ?? null);
  const path = { recording_id: id };
  const found = useQuery({
    queryKey: ["recording", id, "versions"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/transcript/versions", { params: { path } })),
    staleTime: 0,
    gcTime: 0,
  });
  const versions = found.data ?? [];

  async function restore(version: number) {
    try {
      const document = await read(id, version);
      edit(() => document);
      void message.success(t("editor.restored"));
      close();
    } catch (error) {
      messages.show(error);
    }
  }
  const back = (number: number) => (
    <Popconfirm title={t("editor.restoreSure")} okText={t("editor.restore")} onConfirm={() => restore(number)}>
      <Button size="small">{pair ? t("diff.restore", { number }) : t("editor.restore")}</Button>
    </Popconfirm>
  );
  return (
    <Drawer open size={560} title={t("editor.versions")} onClose={close}>
      {found.isPending && <Loading />}
      {found.isError && <ErrorPage error={found.error} retry={() => void found.refetch()} />}
      {pair ? (
        <VersionComparison
          id={id}
          versions={versions}
          pair={pair}
          choose={setPair}
          restore={back}
          leave={() => setPair(null)}
        />
      ) : (
        <ul className="versions">
          {versions.map((version, index) => (
            <li key={version.number}>
              <div>
                <strong>{t("editor.version", { number: version.number })}</strong>{" "}
                {index === 0 && <Tag color="success">{t("editor.newest")}</Tag>}
                <br />
                <small>
                  <Origin version={version} />
                </small>
              </div>
              <div className="version-tools">
                {index + 1 < versions.length && (
                  <Button size="small" onClick={() => setPair([versions[index + 1]!.number, version.number])}>
                    {t("diff.ofVersion")}
                  </Button>
                )}
                {index > 0 && back(version.number)}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Drawer>
  );
}

interface VersionComparisonProps {
  id: string;
  versions: readonly Version[];
  pair: readonly [number, number];
  choose: (pair: readonly [number, number]) => void;
  restore: (number: number) => React.ReactNode;
  leave: () => void;
}

function VersionComparison({ id, versions, pair, choose, restore, leave }: VersionComparisonProps) {
  const { t } = useTranslation();
  const documents = useQuery({
    queryKey: ["recording", id, "compared", ...pair],
    queryFn: () => Promise.all(pair.map((number) => read(id, number))),
    staleTime: Infinity,
    gcTime: 0,
  });
  const options = versions.map(({ number }) => ({ value: number, label: t("editor.version", { number }) }));
  const [from, to] = pair;
  return (
    <>
      <div className="compared">
        <Button size="small" type="link" onClick={leave}>
          {t("diff.back")}
        </Button>
        <Select
          size="small"
          aria-label={t("diff.from")}
          value={from}
          options={options}
          onChange={(number) => choose([number, to])}
        />
        →
        <Select
          size="small"
          aria-label={t("diff.to")}
          value={to}
          options={options}
          onChange={(number) => choose([from, number])}
        />
        {from !== versions[0]?.number && restore(from)}
      </div>
      {documents.isPending && <Loading />}
      {documents.isError && <ErrorPage error={documents.error} retry={() => void documents.refetch()} />}
      {documents.data && <Difference before={documents.data[0]!} after={documents.data[1]!} />}
    </>
  );
}

function Origin({ version }: { version: Version }) {
  const { t, i18n } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(version.created_at),
  );
  const who = version.author_id && (version.author_id === me?.id ? me.username : t("editor.somebody"));
  return <>{[t(`editor.origin.${version.origin}`), who, when].filter(Boolean).join(" · ")}</>;
}

async function read(id: string, version: number): Promise<Doc> {
  const params = { path: { recording_id: id }, query: { version } };
  return (await unwrap(api.GET("/api/recordings/{recording_id}/transcript", { params })))
    .document as Loaded["document"];
}
