// The admin console.

import {
  AuditOutlined,
  BarChartOutlined,
  DatabaseOutlined,
  FileTextOutlined,
  MedicineBoxOutlined,
  MessageOutlined,
  RobotOutlined,
  TeamOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Link, Navigate } from "react-router";
import { currentUser, twoFactorState } from "../account/queries";
import { Loading } from "../app/Feedback";
import { lazyPart } from "../app/lazyPart";
import { Sections } from "../app/Sections";
import { SystemModelsSection } from "../languageModel/SystemModelsSection";
import { EnginesSection } from "./EnginesSection";
import { JobsSection } from "./JobsSection";
import { StorageSection } from "./StorageSection";
import { SystemSection } from "./SystemSection";
import { UsersSection } from "./UsersSection";
import "./console.css";

const TemplatesSection = lazyPart(async () => ({
  default: (await import("../templates/TemplatesSection")).TemplatesSection,
}));
const AuditSection = lazyPart(async () => ({ default: (await import("./AuditSection")).AuditSection }));
const FiguresSection = lazyPart(async () => ({ default: (await import("./FiguresSection")).FiguresSection }));

export function ConsolePage() {
  const { t } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const factor = useQuery({ ...twoFactorState(), enabled: me !== undefined && me.role !== "user" }).data;
  if (!me) return <Loading />;
  if (me.role === "user") return <Navigate to="/" replace />;
  return (
    <Sections
      base="/admin"
      title={t("console.title")}
      sections={[
        { path: "", label: t("console.users"), icon: <TeamOutlined aria-hidden />, page: <UsersSection me={me} /> },
        { path: "jobs", label: t("console.jobs"), icon: <UnorderedListOutlined aria-hidden />, page: <JobsSection /> },
        { path: "engines", label: t("console.engines"), icon: <RobotOutlined aria-hidden />, page: <EnginesSection /> },
        {
          path: "language-model",
          label: t("languageModel.title"),
          icon: <MessageOutlined aria-hidden />,
          page: <SystemModelsSection />,
        },
        {
          path: "templates",
          label: t("templates.title"),
          icon: <FileTextOutlined aria-hidden />,
          page: <TemplatesSection scope="shared" />,
        },
        {
          path: "storage",
          label: t("console.storage"),
          icon: <DatabaseOutlined aria-hidden />,
          page: <StorageSection />,
        },
        {
          path: "figures",
          label: t("console.figures"),
          icon: <BarChartOutlined aria-hidden />,
          page: <FiguresSection />,
        },
        { path: "audit", label: t("console.audit"), icon: <AuditOutlined aria-hidden />, page: <AuditSection /> },
        {
          path: "system",
          label: t("console.system"),
          icon: <MedicineBoxOutlined aria-hidden />,
          page: <SystemSection />,
        },
      ]}
    >
      {factor?.wanted && !factor.on && (
        <Alert
          className="spaced"
          type="warning"
          showIcon
          title={t("errors.second_factor_wanted")}
          action={<Link to="/account/security">{t("console.toSecurity")}</Link>}
        />
      )}
    </Sections>
  );
}
