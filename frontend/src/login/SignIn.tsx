// Signing in: as a page of its own, and as a window over the page when a session has ended.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Modal, Typography } from "antd";
import { useSyncExternalStore, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useSearchParams } from "react-router";
import type { Account } from "../api/client";
import { Preferences } from "../app/Preferences";
import { session } from "./session";
import { SignInForm } from "./SignInForm";
import { waysIn } from "./ways";

export function SignInPage() {
  const { t } = useTranslation();
  const { token } = useSyncExternalStore(session.subscribe, session.snapshot);
  const { data: ways } = useQuery(waysIn());
  const [search] = useSearchParams();
  const next = search.get("next") ?? "/";
  if (token) return <Navigate to={/^\/(?![/\\])/.test(next) ? next : "/"} replace />;
  return (
    <Doorstep>
      <SignInForm done={(fresh) => session.begin(fresh)} />
      {ways && (
        <p className="quiet doorstep-note">
          {ways.registration === "off" ? t("login.noRegistration") : <Link to="/register">{t("register.open")}</Link>}
        </p>
      )}
    </Doorstep>
  );
}

/** What those see who are not in yet. */
export function Doorstep({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <main className="sign-in">
      <Card className="sign-in-card">
        <header>
          <img src="/icon.svg" alt="" width={44} height={44} />
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
    <Modal open={expired} title={t("login.ended")} footer={null} closable={false} keyboard={false} mask={{ closable: false }} destroyOnHidden>
      <Typography.Paragraph>{t("login.endedAbout")}</Typography.Paragraph>
      <SignInForm username={known?.username} done={(token) => void goOn(token, known)} />
      <Button type="link" onClick={() => session.end()}>{t("login.signOutInstead")}</Button>
    </Modal>
  );
}

/** What is on the page belongs to who was signed in; for somebody else it begins anew. */
async function goOn(token: string, known: Account | undefined) {
  const response = await fetch("/api/auth/me", { headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
  const now = response?.ok ? ((await response.json()) as Account) : null;
  if (known && now && known.id !== now.id) location.assign("/");
  else session.begin(token);
}
