// The menu with which a user chooses the columns and the density of the table of recordings.
import { SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { COLUMNS, DENSITIES, type TableLook } from "./tableLook";

interface TableLookMenuProps {
  look: TableLook;
  change: (changes: Partial<TableLook>) => void;
}

export function TableLookMenu({ look, change }: TableLookMenuProps) {
  const { t } = useTranslation();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className="table-look">
          <Checkbox.Group
            aria-label={t("library.columns")}
            value={COLUMNS.filter((one) => !look.hidden.includes(one))}
            options={COLUMNS.map((value) => ({ value, label: t(`library.${value}`) }))}
            onChange={(shown) => change({ hidden: COLUMNS.filter((one) => !shown.includes(one)) })}
          />
          <Radio.Group
            size="small"
            optionType="button"
            aria-label={t("library.density")}
            value={look.density}
            options={DENSITIES.map((value) => ({ value, label: t(`library.densities.${value}`) }))}
            onChange={(event) => change({ density: event.target.value as TableLook["density"] })}
          />
        </div>
      }
    >
      <Button
        className="table-look-button"
        type="text"
        icon={<SettingOutlined />}
        aria-label={t("library.look")}
        title={t("library.look")}
      />
    </Popover>
  );
}
