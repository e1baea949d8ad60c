// Sign-in as a page, and as a dialog over the page when the session has ended.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Modal, Typography } from "antd";
import { type ReactNode, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useSearchParams } from "react-router";
import { basePath, pathOf } from "../api/basePath";
import type { Account } from "../api/client";
import { Preferences } from "../app/Preferences";
import { usePageTitle } from "../app/pageTitle";
import { SignInForm } from "./SignInForm";
import { session } from "./session";
import { signInOptions } from "./signInOptions";

export function SignInPage() {
  const { t } = useTranslation();
  usePageTitle(t("login.signIn"));
  const { token } = useSyncExternalStore(session.subscribe, session.snapshot);
  const { data: ways } = useQuery(signInOptions());
  const [search] = useSearchParams();
  const next = search.get("next") ?? "/";
  if (token) return <Navigate to={/^\/(?![/\\])/.test(next) ? next : "/"} replace />;
  return (
    <SignInLayout>
      <SignInForm done={(fresh) => session.begin(fresh)} />
      {ways && (
        <p className="secondary sign-in-note">
          {ways.registration === "off" ? t("login.noRegistration") : <Link to="/register">{t("register.open")}</Link>}
        </p>
      )}
    </SignInLayout>
  );
}

/** The layout of the pages for signed-out users. */
export function SignInLayout({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <header>
          <img src={pathOf("/icon.svg")} alt="" width={44} height={44} />
          <Typography.Title level={1}>{t("app.name")}</Typography.Title>
          <Typography.Paragraph type="secondary">{t("app.about")}</Typography.Paragraph>
        </header>
        {children}
      </Card>
      <Preferences />
    </main>
  );
}

export function SessionEnded() {
  const { t } = useTranslation();
  const { expired } = useSyncExternalStore(session.subscribe, session.snapshot);
  const known = useQueryClient().getQueryData<Account>(["me"]);
  return (
    <Modal
      open={expired}
      title={t("login.ended")}
      footer={null}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      destroyOnHidden
    >
      <Typography.Paragraph>{t("login.endedAbout")}</Typography.Paragraph>
      <SignInForm username={known?.username} done={(token) => void resume(token, known)} />
      <Button type="link" onClick={() => session.end()}>
        {t("login.signOutInstead")}
      </Button>
    </Modal>
  );
}

/** Continues the session for the same user; for another user the page is reloaded. */
async function resume(token: string, known: Account | undefined) {
  const response = await fetch(pathOf("/api/auth/me"), { headers: { Authorization: `Bearer ${token}` } }).catch(
    () => null,
  );
  const now = response?.ok ? ((await response.json()) as Account) : null;
  if (known && now && known.id !== now.id) location.assign(basePath);
  else session.begin(token);
}
