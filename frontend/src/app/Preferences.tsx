// The language and theme switches in the header.
import { MoonOutlined, SunOutlined, TranslationOutlined } from "@ant-design/icons";
import { Button, Space } from "antd";
import { useTranslation } from "react-i18next";
import { chooseLanguage, chooseTheme, useLanguage, useTheme } from "./preferences";

export function Preferences() {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useTheme();
  return (
    <Space size={4}>
      <Button
        type="text"
        icon={<TranslationOutlined />}
        onClick={() => chooseLanguage(language === "en" ? "zh-CN" : "en")}
      >
        {language === "en" ? "中文" : "English"}
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
