// The frame of every page for those who are signed in: where one can go, and who one is.
import { AudioOutlined, ControlOutlined, LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown } from "antd";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { whoAmI } from "../account/me";
import { api } from "../api/client";
import { OURS } from "../login/refresh";
import { SessionEnded } from "../login/SignIn";
import { session } from "../login/session";
import { useLiveJobs } from "../library/live";
import { useMyLine } from "../upload/line";
import { Preferences } from "./Preferences";

export function Shell() {
  const { token } = useSyncExternalStore(session.subscribe, session.snapshot);
  const here = useLocation();
  if (!token) {
    const next = here.pathname === "/" ? "" : `?next=${encodeURIComponent(here.pathname + here.search)}`;
    return <Navigate to={`/sign-in${next}`} replace />;
  }
  return <SignedIn />;
}

function SignedIn() {
  const { t } = useTranslation();
  const { data: me } = useQuery(whoAmI());
  const queries = useQueryClient();
  const go = useNavigate();
  useLiveJobs();
  useMyLine(me?.id);
  function leave() {
    void api.POST("/api/auth/logout", { headers: OURS });
    session.end();
    queries.clear();
    void go("/sign-in");
  }
  return (
    <div className="shell">
      <a className="skip" href="#content">{t("app.skip")}</a>
      <header className="bar">
        <NavLink to="/" className="brand" aria-label={t("app.name")}>
          <img src="/icon.svg" alt="" width={26} height={26} />
          <span>{t("app.name")}</span>
        </NavLink>
        <nav aria-label={t("app.navigation")}>
          <NavLink to="/" end aria-label={t("app.library")}><AudioOutlined aria-hidden /> <span>{t("app.library")}</span></NavLink>
          {me && me.role !== "user" && <NavLink to="/admin" aria-label={t("app.console")}><ControlOutlined aria-hidden /> <span>{t("app.console")}</span></NavLink>}
        </nav>
        <Preferences />
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              { key: "account", icon: <UserOutlined />, label: t("app.account"), onClick: () => void go("/account") },
              { key: "leave", icon: <LogoutOutlined />, label: t("login.signOut"), onClick: leave },
            ],
          }}
        >
          <Button type="text" icon={<UserOutlined />} aria-label={`${me?.username ?? ""} ${t("app.me")}`}><span className="wide-only">{me?.username}</span></Button>
        </Dropdown>
      </header>
      <main id="content" tabIndex={-1}><Outlet /></main>
      <SessionEnded />
    </div>
  );
}
