// The templates there are: one's own (or, in the console, everybody's) to make, change and delete; all of them to copy.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Card, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDoing } from "../api/doing";
import { Problem } from "../app/Notice";
import { TemplateDialog, type Draft } from "./TemplateDialog";
import { PARTS } from "./parts";
import { kindOf, remove, templatesThereAre, useTemplateName, type Template, type Whose } from "./templates";
import "./templates.css";

/** As the server has it. */
const LONGEST_NAME = 64;

export function TemplatesSection({ whose }: { whose: Whose }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const nameOf = useTemplateName();
  const [draft, setDraft] = useState<Draft | null>(null);
  const found = useQuery(templatesThereAre());
  const ours = whose === "mine" ? "mine" : "shared";
  const of = (kind: ReturnType<typeof kindOf>) => found.data?.filter((one) => kindOf(one) === kind) ?? [];
  const copy = (one: Template) => {
    const { guidance, parts } = one;
    setDraft({ key: null, wish: { name: t("templates.copyName", { name: nameOf(one) }).slice(0, LONGEST_NAME), guidance, parts } });
  };
  const edit = ({ key, name, guidance, parts }: Template) => setDraft({ key, wish: { name, guidance, parts } });
  const make = <Button type="primary" icon={<PlusOutlined />} onClick={() => setDraft({ key: null, wish: { name: "", guidance: "", parts: [...PARTS] } })}>{t(whose === "mine" ? "templates.make" : "templates.makeShared")}</Button>;
  const others = (["mine", "shared", "builtIn"] as const).filter((kind) => kind !== ours && (kind !== "mine" || whose === "mine") && of(kind).length > 0);
  return (
    <>
      <Card title={<h2>{t(`templates.${ours}`)}</h2>} extra={of(ours).length > 0 && make} loading={found.isPending}>
        <p className="section-about">{t(whose === "mine" ? "templates.mineAbout" : "templates.sharedAbout")}</p>
        {found.isError && <Problem error={found.error} again={() => void found.refetch()} />}
        {found.data && of(ours).length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t(whose === "mine" ? "templates.noneMine" : "templates.noneShared")}>{make}</Empty>}
        <Templates all={of(ours)} name={t(`templates.${ours}`)} copy={copy} edit={edit} whose={whose} />
      </Card>
      {others.map((kind) => (
        <Card key={kind} title={<h2>{t(`templates.${kind}`)}</h2>}>
          <p className="section-about">{t(kind === "builtIn" ? "templates.builtInAbout" : "templates.fromAdmins")}</p>
          <Templates all={of(kind)} name={t(`templates.${kind}`)} copy={copy} whose={whose} />
        </Card>
      ))}
      {draft && (
        <TemplateDialog
          whose={whose}
          draft={draft}
          close={() => setDraft(null)}
          then={({ version }) => {
            setDraft(null);
            void message.success(t("templates.kept", { number: version }));
          }}
        />
      )}
    </>
  );
}

interface Listed {
  all: readonly Template[];
  name: string;
  whose: Whose;
  copy: (one: Template) => void;
  /** Left out where they cannot be changed. */
  edit?: (one: Template) => void;
}

function Templates({ all, name, whose, copy, edit }: Listed) {
  if (all.length === 0) return null;
  return (
    <ul className="plain-list templates" aria-label={name}>
      {all.map((one) => <Row key={one.key} template={one} whose={whose} copy={() => copy(one)} edit={edit && (() => edit(one))} />)}
    </ul>
  );
}

function Row({ template, whose, copy, edit }: { template: Template; whose: Whose; copy: () => void; edit?: () => void }) {
  const { t } = useTranslation();
  const name = useTemplateName()(template);
  const drop = useDoing(() => remove(whose, template.key), { said: t("templates.removed"), changes: ["templates"] });
  return (
    <li>
      <div className="about">
        <strong>{name}</strong> <Tag>{template.built_in ? t("templates.fixed") : t("templates.version", { number: template.version })}</Tag>
        {template.guidance && <p className="guidance">{template.guidance}</p>}
        <ol className="parts" aria-label={t("templates.parts")}>
          {template.parts.map((part) => <li key={part}>{t(`minutes.parts.${part}`)}</li>)}
        </ol>
      </div>
      <div className="decide">
        <Button aria-label={t("templates.copyOf", { name })} onClick={copy}>{t("templates.copy")}</Button>
        {edit && <Button aria-label={t("templates.editOf", { name })} onClick={edit}>{t("endpoints.edit")}</Button>}
        {edit && (
          <Popconfirm title={t("templates.removeSure", { name })} description={t("templates.removeAbout")} okText={t("library.delete")} onConfirm={() => drop.mutate(undefined)}>
            <Button danger loading={drop.isPending} aria-label={t("templates.removeOf", { name })}>{t("library.delete")}</Button>
          </Popconfirm>
        )}
      </div>
    </li>
  );
}
