// How this person reads transcripts: numbers in digits by one press, and the script.
import { NumberOutlined, TranslationOutlined } from "@ant-design/icons";
import { Button, Dropdown, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { chooseWrittenForm, SCRIPTS, type Script, useWrittenForm } from "../app/writtenForm";

export function WrittenFormSwitch({ user }: { user: string }) {
  const { t } = useTranslation();
  const form = useWrittenForm(user);
  return (
    <>
      <Tooltip title={t("editor.numbersAbout")}>
        <Button
          type="text"
          icon={<NumberOutlined />}
          aria-label={t("editor.numbers")}
          aria-pressed={form.numbers}
          onClick={() => chooseWrittenForm(user, { ...form, numbers: !form.numbers })}
        />
      </Tooltip>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: SCRIPTS.map((key) => ({ key, label: t(`export.${key}`) })),
          selectable: true,
          selectedKeys: [form.script],
          onClick: ({ key }) => chooseWrittenForm(user, { ...form, script: key as Script }),
        }}
      >
        <Tooltip title={t("editor.script")}>
          <Button type="text" icon={<TranslationOutlined />} aria-label={t("editor.script")} />
        </Tooltip>
      </Dropdown>
    </>
  );
}
