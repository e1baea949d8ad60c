// The language models one can ask: which of them is asked, whether each answers, another one, none.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDoing } from "../api/doing";
import { useMessages } from "../api/messages";
import { useFormats } from "../app/formats";
import { Problem } from "../app/Notice";
import { EndpointDialog } from "./EndpointDialog";
import { endpointsOf, remove, tested, type Whose, type Endpoint } from "./endpoints";

interface Shown {
  whose: Whose;
  /** Whether more can be added. */
  open: boolean;
  choose: (id: string) => void;
}

export function EndpointList({ whose, open, choose }: Shown) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Endpoint | "new" | null>(null);
  const found = useQuery(endpointsOf(whose));
  return (
    <>
      {found.isError && <Problem error={found.error} again={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("endpoints.none")} />}
      <ul className="plain-list" aria-label={t("endpoints.title")}>
        {found.data?.map((endpoint) => <Row key={endpoint.id} whose={whose} endpoint={endpoint} choose={choose} edit={() => setEditing(endpoint)} />)}
      </ul>
      {open && <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>{t("endpoints.add")}</Button>}
      {editing && <EndpointDialog whose={whose} endpoint={editing === "new" ? null : editing} close={() => setEditing(null)} />}
    </>
  );
}

function Row({ whose, endpoint, choose, edit }: { whose: Whose; endpoint: Endpoint; choose: (id: string) => void; edit: () => void }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const messages = useMessages();
  const { name } = endpoint;
  const test = useDoing(() => tested(whose, endpoint.id), { changes: ["endpoints"] });
  const drop = useDoing(() => remove(whose, endpoint.id), { said: t("endpoints.removed"), changes: ["endpoints", "language-model"] });
  const mine = endpoint.id !== "built-in" && (whose === "house" || !endpoint.shared);
  return (
    <li>
      <div className="about">
        {name} {endpoint.default && <Tag color="success">{t("endpoints.asked")}</Tag>} {whose === "mine" && endpoint.shared && <Tag>{t("endpoints.shared")}</Tag>}
        {endpoint.has_key && !endpoint.key_readable && <Tag color="error">{t("endpoints.keyLost")}</Tag>}
        <small>{endpoint.model}{endpoint.url && ` · ${endpoint.url}`}</small>
        <small className="numbers">{t("endpoints.used", { count: number(endpoint.used_tokens) })}</small>
        {test.data && <small role="status">{test.data.ok ? t("endpoints.answers", { seconds: number(test.data.seconds) }) : messages.byCode(test.data.code ?? "language_model_failed")}</small>}
      </div>
      <div className="decide">
        {endpoint.id !== "built-in" && <Button loading={test.isPending} aria-label={t("endpoints.testOf", { name })} onClick={() => test.mutate(undefined)}>{t("languageModel.test")}</Button>}
        {!endpoint.default && <Button aria-label={t("endpoints.chooseOf", { name })} onClick={() => choose(endpoint.id)}>{t("endpoints.choose")}</Button>}
        {mine && <Button aria-label={t("endpoints.editOf", { name })} onClick={edit}>{t("endpoints.edit")}</Button>}
        {mine && (
          <Popconfirm title={t("endpoints.removeSure", { name })} okText={t("library.delete")} onConfirm={() => drop.mutate(undefined)}>
            <Button danger aria-label={t("endpoints.removeOf", { name })}>{t("library.delete")}</Button>
          </Popconfirm>
        )}
      </div>
    </li>
  );
}
