// Who has an account, with which role, and whether it is open; who waits to be let in.
import { PlusOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Popconfirm, Select, Switch, Table, Tag, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Account, type Role } from "../api/client";
import { useDoing } from "../api/doing";
import { useFormats } from "../app/formats";
import { Failed } from "../app/Notice";
import { NewUserDialog } from "./UserDialogs";
import { UserActions } from "./UserActions";

const ROLES: Role[] = ["user", "admin", "super_admin"];
const SIZE = 50;

type State = "active" | "disabled" | "pending";
const STATES: Record<State, { active?: boolean; pending?: boolean }> = { active: { active: true }, disabled: { active: false, pending: false }, pending: { pending: true } };

interface Asked {
  text: string;
  page: number;
  role?: Role;
  state?: State;
}

export function UsersSection({ me }: { me: Account }) {
  const { t } = useTranslation();
  const { day } = useFormats();
  const [asked, setAsked] = useState<Asked>({ text: "", page: 1 });
  const [making, setMaking] = useState(false);
  const look = (changes: Partial<Asked>) => setAsked((before) => ({ ...before, page: 1, ...changes }));
  const found = useQuery({
    queryKey: ["users", asked],
    queryFn: () =>
      answer(
        api.GET("/api/admin/users", {
          params: { query: { text: asked.text, role: asked.role, ...(asked.state && STATES[asked.state]), limit: SIZE, offset: (asked.page - 1) * SIZE } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const waiting = useQuery({ queryKey: ["users", "waiting"], queryFn: () => answer(api.GET("/api/admin/users", { params: { query: { pending: true, limit: 1 } } })), refetchInterval: 30_000 });
  const change = useDoing(
    ({ id, ...body }: { id: string; role?: Role; active?: boolean }) => answer(api.PATCH("/api/admin/users/{user_id}", { params: { path: { user_id: id } }, body })),
    { said: t("users.changed"), changes: ["users"] },
  );
  const approve = useDoing((id: string) => answer(api.POST("/api/admin/users/{user_id}/approve", { params: { path: { user_id: id } } })), { said: t("users.approved"), changes: ["users"] });
  const reject = useDoing((id: string) => answer(api.POST("/api/admin/users/{user_id}/reject", { params: { path: { user_id: id } } })), { said: t("users.rejected"), changes: ["users"] });

  // An admin reaches those below; the server decides, this only spares a refusal.
  const rank = (role: Role) => ROLES.indexOf(role);
  const below = (role: Role) => me.role === "super_admin" || rank(role) < rank(me.role);
  const reached = (account: Account) => below(account.role) && account.id !== me.id;
  const roles = ROLES.filter((role) => below(role)).map((value) => ({ value, label: t(`roles.${value}`) }));

  const columns: TableColumnsType<Account> = [
    {
      title: t("login.username"),
      render: (_, account) => (
        <>
          <span className="user-name">{account.username}</span> {account.id === me.id && <Tag>{t("users.you")}</Tag>}
          {account.pending && <Tag color="warning">{t("users.pending")}</Tag>}
        </>
      ),
    },
    {
      title: t("users.role"),
      render: (_, account) =>
        reached(account) && !account.pending ? (
          <Select className="role" value={account.role} options={roles} aria-label={t("users.roleOf", { name: account.username })} onChange={(role) => change.mutate({ id: account.id, role })} />
        ) : (
          t(`roles.${account.role}`)
        ),
    },
    {
      title: t("users.active"),
      render: (_, account) =>
        account.pending ? (
          <div className="decide">
            <Button size="small" type="primary" aria-label={t("users.approveOf", { name: account.username })} onClick={() => approve.mutate(account.id)}>{t("users.approve")}</Button>
            <Popconfirm title={t("users.rejectSure", { name: account.username })} okText={t("users.reject")} onConfirm={() => reject.mutate(account.id)}>
              <Button size="small" aria-label={t("users.rejectOf", { name: account.username })}>{t("users.reject")}</Button>
            </Popconfirm>
          </div>
        ) : (
          <Switch checked={account.active} disabled={!reached(account)} aria-label={t("users.activeOf", { name: account.username })} onChange={(active) => change.mutate({ id: account.id, active })} />
        ),
    },
    { title: t("users.since"), width: 140, responsive: ["lg"], render: (_, account) => day(account.created_at) },
    { title: <span className="unseen">{t("library.actions")}</span>, width: 56, render: (_, account) => reached(account) && !account.pending && <UserActions account={account} /> },
  ];

  if (found.isError) return <Failed error={found.error} again={() => void found.refetch()} />;
  return (
    <>
      <div className="section-head">
        <h2>{t("console.users")}</h2>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>{t("users.create")}</Button>
      </div>
      {Boolean(waiting.data?.total) && asked.state !== "pending" && (
        <Alert type="info" showIcon title={t("users.waiting", { count: waiting.data!.total })} action={<Button size="small" onClick={() => look({ state: "pending" })}>{t("users.look")}</Button>} />
      )}
      <div className="filters">
        <Input.Search allowClear placeholder={t("users.search")} aria-label={t("users.search")} onSearch={(text) => look({ text: text.trim() })} />
        <Select allowClear placeholder={t("users.anyRole")} aria-label={t("users.role")} value={asked.role} onChange={(role?: Role) => look({ role })} options={ROLES.map((value) => ({ value, label: t(`roles.${value}`) }))} />
        <Select
          allowClear
          placeholder={t("users.anyState")}
          aria-label={t("library.state")}
          value={asked.state}
          onChange={(state?: State) => look({ state })}
          options={(["active", "disabled", "pending"] as const).map((value) => ({ value, label: t(`users.states.${value}`) }))}
        />
      </div>
      <Table<Account>
        rowKey="id"
        size="middle"
        columns={columns}
        dataSource={found.data?.accounts}
        loading={found.isPending}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("users.nobody")} /> }}
        pagination={{ current: asked.page, pageSize: SIZE, total: found.data?.total ?? 0, hideOnSinglePage: true, showSizeChanger: false, onChange: (page) => setAsked({ ...asked, page }) }}
      />
      {making && <NewUserDialog roles={roles} close={() => setMaking(false)} />}
    </>
  );
}
