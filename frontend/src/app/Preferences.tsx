// The language and theme switches in the header.
import { MoonOutlined, SunOutlined, TranslationOutlined } from "@ant-design/icons";
import { Button, Space } from "antd";
import { useTranslation } from "react-i18next";
import { chooseLanguage, chooseTheme, useLanguage, useTheme } from "./preferences";

export function Preferences() {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useTheme();
  const other = language === "en" ? "中文" : "English";
  return (
    <Space size={4}>
      <Button
        type="text"
        icon={<TranslationOutlined />}
        aria-label={other}
        title={other}
        onClick={() => chooseLanguage(language === "en" ? "zh-CN" : "en")}
      >
        <span className="wide-only">{other}</span>
      </Button>
      <Button
        type="text"
        icon={theme === "dark" ? <SunOutlined /> : <MoonOutlined />}
        aria-label={theme === "dark" ? t("app.light") : t("app.dark")}
        onClick={() => chooseTheme(theme === "dark" ? "light" : "dark")}
      />
    </Space>
  );
}
