// The available language models: choose, test, add, edit and delete.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { useErrorMessages } from "../api/useErrorMessages";
import { ErrorAlert } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { EndpointDialog } from "./EndpointDialog";
import { deleteEndpoint, type Endpoint, endpointsOf, type Scope, testEndpoint } from "./endpoints";

interface EndpointListProps {
  scope: Scope;
  /** Whether endpoints can be added. */
  canAdd: boolean;
  choose: (id: string) => void;
}

export function EndpointList({ scope, canAdd, choose }: EndpointListProps) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Endpoint | "new" | null>(null);
  const found = useQuery(endpointsOf(scope));
  return (
    <>
      {found.isError && <ErrorAlert error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("endpoints.none")} />}
      <ul className="plain-list" aria-label={t("endpoints.title")}>
        {found.data?.map((endpoint) => (
          <Row key={endpoint.id} scope={scope} endpoint={endpoint} choose={choose} edit={() => setEditing(endpoint)} />
        ))}
      </ul>
      {canAdd && (
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
          {t("endpoints.add")}
        </Button>
      )}
      {editing && (
        <EndpointDialog scope={scope} endpoint={editing === "new" ? null : editing} close={() => setEditing(null)} />
      )}
    </>
  );
}

function Row({
  scope,
  endpoint,
  choose,
  edit,
}: {
  scope: Scope;
  endpoint: Endpoint;
  choose: (id: string) => void;
  edit: () => void;
}) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const messages = useErrorMessages();
  const { name } = endpoint;
  const test = useAction(() => testEndpoint(scope, endpoint.id), { invalidates: ["endpoints"] });
  const drop = useAction(() => deleteEndpoint(scope, endpoint.id), {
    successMessage: t("endpoints.removed"),
    invalidates: ["endpoints", "language-model"],
  });
  const adapted = test.data?.adapted
    .map((one) => t(`endpoints.adapted.${one}` as "endpoints.adapted.stream_only"))
    .join(t("endpoints.and"));
  const mine = endpoint.id !== "built-in" && (scope === "system" || !endpoint.shared);
  return (
    <li>
      <div className="about">
        {name} {endpoint.default && <Tag color="success">{t("endpoints.asked")}</Tag>}{" "}
        {scope === "mine" && endpoint.shared && <Tag>{t("endpoints.shared")}</Tag>}
        {endpoint.has_key && !endpoint.key_readable && <Tag color="error">{t("endpoints.keyLost")}</Tag>}
        <small>
          {endpoint.model}
          {endpoint.url && ` · ${endpoint.url}`}
        </small>
        <small className="numbers">{t("endpoints.used", { count: endpoint.used_tokens })}</small>
        {test.data && (
          <small role="status">
            {test.data.ok
              ? t("endpoints.answers", { seconds: number(test.data.seconds) })
              : messages.withReason(test.data.code ?? "language_model_failed", test.data.reason)}
            {test.data.ok && adapted && ` ${t("endpoints.adaptedTo", { what: adapted })}`}
          </small>
        )}
      </div>
      <div className="row-actions">
        {endpoint.id !== "built-in" && (
          <Button
            loading={test.isPending}
            aria-label={t("endpoints.testOf", { name })}
            onClick={() => test.mutate(undefined)}
          >
            {t("languageModel.test")}
          </Button>
        )}
        {!endpoint.default && (
          <Button aria-label={t("endpoints.chooseOf", { name })} onClick={() => choose(endpoint.id)}>
            {t("endpoints.choose")}
          </Button>
        )}
        {mine && (
          <Button aria-label={t("endpoints.editOf", { name })} onClick={edit}>
            {t("endpoints.edit")}
          </Button>
        )}
        {mine && (
          <Popconfirm
            title={t("endpoints.removeSure", { name })}
            okText={t("library.delete")}
            onConfirm={() => drop.mutate(undefined)}
          >
            <Button danger aria-label={t("endpoints.removeOf", { name })}>
              {t("library.delete")}
            </Button>
          </Popconfirm>
        )}
      </div>
    </li>
  );
}
