// The frame of every page for signed-in users: navigation and account menu.
import { ControlOutlined, FolderOpenOutlined, LogoutOutlined, SearchOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Badge, Button, Dropdown } from "antd";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { currentUser } from "../account/queries";
import { useTimeZoneDefault } from "../account/timeZone";
import { usePendingUsers } from "../admin/pendingUsers";
import { pathOf } from "../api/basePath";
import { api } from "../api/client";
import { useLiveJobs } from "../library/liveJobs";
import { CSRF_HEADER } from "../login/refresh";
import { SessionEnded } from "../login/SignIn";
import { session } from "../login/session";
import { Bell } from "../notices/Bell";
import { useChannelNotices } from "../notices/useChannelNotices";
import { useJobNotices } from "../notices/useJobNotices";
import { useUploadQueue } from "../upload/pageQueue";
import { useRecorderOf } from "../upload/pageRecorder";
import { RecordingIndicator } from "../upload/RecordingIndicator";
import { Preferences } from "./Preferences";

export function Shell() {
  const { token } = useSyncExternalStore(session.subscribe, session.snapshot);
  const location = useLocation();
  if (!token) {
    const next =
      location.pathname + location.search === "/"
        ? ""
        : `?next=${encodeURIComponent(location.pathname + location.search)}`;
    return <Navigate to={`/sign-in${next}`} replace />;
  }
  return <SignedIn />;
}

function SignedIn() {
  const { t } = useTranslation();
  const { data: me } = useQuery(currentUser());
  const queries = useQueryClient();
  const navigate = useNavigate();
  useTimeZoneDefault();
  useLiveJobs();
  useJobNotices();
  useChannelNotices();
  useUploadQueue(me?.id);
  useRecorderOf(me?.id);
  const isAdmin = me !== undefined && me.role !== "user";
  const pending = usePendingUsers(isAdmin).data?.total ?? 0;
  const consoleName = pending ? t("app.consoleWaiting", { count: pending }) : t("app.console");
  function signOut() {
    void api.POST("/api/auth/logout", { headers: CSRF_HEADER });
    session.end();
    queries.clear();
    void navigate("/sign-in");
  }
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <header className="bar">
        <NavLink to="/" className="brand" aria-label={t("app.name")}>
          <img src={pathOf("/icon.svg")} alt="" width={26} height={26} />
          <span>{t("app.name")}</span>
        </NavLink>
        <nav aria-label={t("app.navigation")}>
          <NavLink to="/" end aria-label={t("app.library")}>
            <FolderOpenOutlined aria-hidden className="nav-icon" /> <span>{t("app.library")}</span>
          </NavLink>
          <NavLink to="/search" aria-label={t("search.name")}>
            <SearchOutlined aria-hidden className="nav-icon" /> <span>{t("search.name")}</span>
          </NavLink>
          {isAdmin && (
            <NavLink to="/admin" aria-label={consoleName}>
              <span aria-hidden>
                <Badge dot={pending > 0} offset={[2, 0]}>
                  <ControlOutlined className="nav-icon" />
                </Badge>
              </span>{" "}
              <span>{t("app.console")}</span>
            </NavLink>
          )}
        </nav>
        <RecordingIndicator />
        {me && <Bell key={me.id} user={me.id} />}
        <Preferences />
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              {
                key: "account",
                icon: <UserOutlined />,
                label: t("app.account"),
                onClick: () => void navigate("/account"),
              },
              ...(isAdmin
                ? [
                    {
                      key: "console",
                      icon: <ControlOutlined />,
                      label: consoleName,
                      onClick: () => void navigate("/admin"),
                    },
                  ]
                : []),
              { key: "leave", icon: <LogoutOutlined />, label: t("login.signOut"), onClick: signOut },
            ],
          }}
        >
          <Button type="text" icon={<UserOutlined />} aria-label={`${me?.username ?? ""} ${t("app.me")}`}>
            <span className="wide-only">{me?.username}</span>
          </Button>
        </Dropdown>
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <SessionEnded />
    </div>
  );
}
