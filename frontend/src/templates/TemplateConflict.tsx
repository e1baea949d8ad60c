// What somebody else saved of the template that is being edited, and the choice between both.
import { Alert, Button, Space } from "antd";
import { useTranslation } from "react-i18next";
import type { TemplateInput } from "./templates";

interface TemplateConflictProps {
  theirs: TemplateInput;
  /** Whether what is in the fields is kept; otherwise theirs goes into them. Nothing is saved yet. */
  choose: (mine: boolean) => void;
}

export function TemplateConflict({ theirs, choose }: TemplateConflictProps) {
  const { t } = useTranslation();
  return (
    <Alert
      className="spaced"
      type="warning"
      showIcon
      role="alert"
      title={t("templates.changedElsewhere")}
      description={
        <>
          <p>
            <strong>{theirs.name}</strong>
          </p>
          {theirs.guidance && <p className="guidance">{theirs.guidance}</p>}
          <p>{theirs.parts.map((part) => t(`minutes.parts.${part}`)).join(t("app.comma"))}</p>
          <Space wrap>
            <Button onClick={() => choose(true)}>{t("conflict.useMine")}</Button>
            <Button onClick={() => choose(false)}>{t("conflict.useTheirs")}</Button>
          </Space>
        </>
      }
    />
  );
}
