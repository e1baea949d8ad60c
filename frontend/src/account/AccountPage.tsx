// The user's own account page, in sections.

import {
  ApiOutlined,
  FileTextOutlined,
  LaptopOutlined,
  MessageOutlined,
  SafetyOutlined,
  SendOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { lazyPart } from "../app/lazyPart";
import { Sections } from "../app/Sections";
import { modelState } from "../languageModel/endpoints";
import { OwnModelsSection } from "../languageModel/OwnModelsSection";
import { people } from "../people/queries";
import { KeysSection } from "./KeysSection";
import { LoginsSection } from "./LoginsSection";
import { ProfileSection } from "./ProfileSection";
import { SecuritySection } from "./SecuritySection";

const TemplatesSection = lazyPart(async () => ({
  default: (await import("../templates/TemplatesSection")).TemplatesSection,
}));
const PeopleSection = lazyPart(async () => ({ default: (await import("../people/PeopleSection")).PeopleSection }));

const ChannelsSection = lazyPart(async () => ({
  default: (await import("../channels/ChannelsSection")).ChannelsSection,
}));

export function AccountPage() {
  const { t } = useTranslation();
  const known = useQuery(people()).data;
  const chosen = useQuery(modelState()).data?.own_allowed !== undefined;
  return (
    <Sections
      base="/account"
      title={t("app.account")}
      sections={[
        { path: "", label: t("account.profile"), icon: <UserOutlined aria-hidden />, page: <ProfileSection /> },
        {
          path: "security",
          label: t("account.security"),
          icon: <SafetyOutlined aria-hidden />,
          page: <SecuritySection />,
        },
        { path: "logins", label: t("account.logins"), icon: <LaptopOutlined aria-hidden />, page: <LoginsSection /> },
        {
          path: "templates",
          label: t("templates.title"),
          icon: <FileTextOutlined aria-hidden />,
          page: <TemplatesSection scope="mine" />,
        },
        ...(known && (known.voices !== "off" || known.people.length > 0)
          ? [{ path: "people", label: t("people.title"), icon: <TeamOutlined aria-hidden />, page: <PeopleSection /> }]
          : []),
        { path: "keys", label: t("account.keys"), icon: <ApiOutlined aria-hidden />, page: <KeysSection /> },
        { path: "channels", label: t("channels.title"), icon: <SendOutlined aria-hidden />, page: <ChannelsSection /> },
        ...(chosen
          ? [
              {
                path: "language-model",
                label: t("languageModel.title"),
                icon: <MessageOutlined aria-hidden />,
                page: <OwnModelsSection />,
              },
            ]
          : []),
      ]}
    />
  );
}
