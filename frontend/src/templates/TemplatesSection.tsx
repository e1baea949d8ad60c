// The templates: own ones (in the console, shared ones) can be created, edited and deleted; all can be copied.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Card, Empty, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { PARTS } from "./parts";
import { type Draft, TemplateDialog } from "./TemplateDialog";
import {
  deleteTemplate,
  kindOf,
  type Scope,
  type Template,
  templatesQuery,
  useTemplateGuidance,
  useTemplateName,
} from "./templates";
import "./templates.css";

/** The server's limit. */
const LONGEST_NAME = 64;

export function TemplatesSection({ scope }: { scope: Scope }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const nameOf = useTemplateName();
  const guidanceOf = useTemplateGuidance();
  const [draft, setDraft] = useState<Draft | null>(null);
  const found = useQuery(templatesQuery());
  const section = scope === "mine" ? "mine" : "shared";
  const of = (kind: ReturnType<typeof kindOf>) => found.data?.filter((one) => kindOf(one) === kind) ?? [];
  const copy = (one: Template) => {
    const { parts } = one;
    const guidance = guidanceOf(one);
    setDraft({
      key: null,
      version: null,
      values: { name: t("templates.copyName", { name: nameOf(one) }).slice(0, LONGEST_NAME), guidance, parts },
    });
  };
  const edit = ({ key, version, name, guidance, parts }: Template) =>
    setDraft({ key, version, values: { name, guidance, parts } });
  const make = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setDraft({ key: null, version: null, values: { name: "", guidance: "", parts: [...PARTS] } })}
    >
      {t(scope === "mine" ? "templates.make" : "templates.makeShared")}
    </Button>
  );
  const others = (["mine", "shared", "builtIn"] as const).filter(
    (kind) => kind !== section && (kind !== "mine" || scope === "mine") && of(kind).length > 0,
  );
  return (
    <>
      <Card
        title={<h2>{t(`templates.${section}`)}</h2>}
        extra={of(section).length > 0 && make}
        loading={found.isPending}
      >
        <p className="section-about">{t(scope === "mine" ? "templates.mineAbout" : "templates.sharedAbout")}</p>
        {found.isError && <ErrorAlert error={found.error} retry={() => void found.refetch()} />}
        {found.data && of(section).length === 0 && (
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={t(scope === "mine" ? "templates.noneMine" : "templates.noneShared")}
          >
            {make}
          </Empty>
        )}
        <TemplateList all={of(section)} name={t(`templates.${section}`)} copy={copy} edit={edit} scope={scope} />
      </Card>
      {others.map((kind) => (
        <Card key={kind} title={<h2>{t(`templates.${kind}`)}</h2>}>
          <p className="section-about">{t(kind === "builtIn" ? "templates.builtInAbout" : "templates.fromAdmins")}</p>
          <TemplateList all={of(kind)} name={t(`templates.${kind}`)} copy={copy} scope={scope} />
        </Card>
      ))}
      {draft && (
        <TemplateDialog
          scope={scope}
          draft={draft}
          close={() => setDraft(null)}
          onDone={({ version }) => {
            setDraft(null);
            void message.success(t("templates.saved", { number: version }));
          }}
        />
      )}
    </>
  );
}

interface TemplateListProps {
  all: readonly Template[];
  name: string;
  scope: Scope;
  copy: (one: Template) => void;
  /** Missing if they cannot be edited. */
  edit?: (one: Template) => void;
}

function TemplateList({ all, name, scope, copy, edit }: TemplateListProps) {
  if (all.length === 0) return null;
  return (
    <ul className="plain-list templates" aria-label={name}>
      {all.map((one) => (
        <TemplateRow
          key={one.key}
          template={one}
          scope={scope}
          copy={() => copy(one)}
          edit={edit && (() => edit(one))}
        />
      ))}
    </ul>
  );
}

function TemplateRow({
  template,
  scope,
  copy,
  edit,
}: {
  template: Template;
  scope: Scope;
  copy: () => void;
  edit?: () => void;
}) {
  const { t } = useTranslation();
  const name = useTemplateName()(template);
  const guidance = useTemplateGuidance()(template);
  const drop = useAction(() => deleteTemplate(scope, template.key), {
    successMessage: t("templates.removed"),
    invalidates: ["templates"],
  });
  return (
    <li>
      <div className="about">
        <strong>{name}</strong>{" "}
        <Tag>{template.built_in ? t("templates.fixed") : t("templates.version", { number: template.version })}</Tag>
        {guidance && <p className="guidance">{guidance}</p>}
        <ol className="parts" aria-label={t("templates.parts")}>
          {template.parts.map((part) => (
            <li key={part}>{t(`minutes.parts.${part}`)}</li>
          ))}
        </ol>
      </div>
      <div className="row-actions">
        <Button aria-label={t("templates.copyOf", { name })} onClick={copy}>
          {t("templates.copy")}
        </Button>
        {edit && (
          <Button aria-label={t("templates.editOf", { name })} onClick={edit}>
            {t("endpoints.edit")}
          </Button>
        )}
        {edit && (
          <Popconfirm
            title={t("templates.removeSure", { name })}
            description={t("templates.removeAbout")}
            okText={t("library.delete")}
            onConfirm={() => drop.mutate(undefined)}
          >
            <Button danger loading={drop.isPending} aria-label={t("templates.removeOf", { name })}>
              {t("library.delete")}
            </Button>
          </Popconfirm>
        )}
      </div>
    </li>
  );
}
