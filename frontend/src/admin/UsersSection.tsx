// All users with role and state, and those waiting for approval.
import { PlusOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Input, Popconfirm, Select, Switch, Table, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Account, api, type Role, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { useFormats } from "../app/formats";
import { usePendingUsers } from "./pendingUsers";
import { UserActions } from "./UserActions";
import { NewUserDialog } from "./UserDialogs";

const ROLES: Role[] = ["user", "admin", "super_admin"];
const SIZE = 50;

type State = "active" | "disabled" | "pending";
const STATES: Record<State, { active?: boolean; pending?: boolean }> = {
  active: { active: true },
  disabled: { active: false, pending: false },
  pending: { pending: true },
};

interface Filters {
  text: string;
  page: number;
  role?: Role;
  state?: State;
}

export function UsersSection({ me }: { me: Account }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const [filters, setFilters] = useState<Filters>({ text: "", page: 1 });
  const [creating, setCreating] = useState(false);
  const update = (changes: Partial<Filters>) => setFilters((before) => ({ ...before, page: 1, ...changes }));
  const found = useQuery({
    queryKey: ["users", filters],
    queryFn: () =>
      unwrap(
        api.GET("/api/admin/users", {
          params: {
            query: {
              text: filters.text,
              role: filters.role,
              ...(filters.state && STATES[filters.state]),
              limit: SIZE,
              offset: (filters.page - 1) * SIZE,
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const waiting = usePendingUsers();
  const change = useAction(
    ({ id, ...body }: { id: string; role?: Role; active?: boolean }) =>
      unwrap(api.PATCH("/api/admin/users/{user_id}", { params: { path: { user_id: id } }, body })),
    { successMessage: t("users.changed"), invalidates: ["users"] },
  );
  const approve = useAction(
    (id: string) => unwrap(api.POST("/api/admin/users/{user_id}/approve", { params: { path: { user_id: id } } })),
    { successMessage: t("users.approved"), invalidates: ["users"] },
  );
  const reject = useAction(
    (id: string) => unwrap(api.POST("/api/admin/users/{user_id}/reject", { params: { path: { user_id: id } } })),
    { successMessage: t("users.rejected"), invalidates: ["users"] },
  );

  // Admins manage only lower roles. The server enforces it; this only hides what it would refuse.
  const rank = (role: Role) => ROLES.indexOf(role);
  const below = (role: Role) => me.role === "super_admin" || rank(role) < rank(me.role);
  const manageable = (account: Account) => below(account.role) && account.id !== me.id;
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
        manageable(account) && !account.pending ? (
          <Select
            className="role"
            value={account.role}
            options={roles}
            aria-label={t("users.roleOf", { name: account.username })}
            onChange={(role) => change.mutate({ id: account.id, role })}
          />
        ) : (
          t(`roles.${account.role}`)
        ),
    },
    {
      title: t("users.active"),
      render: (_, account) =>
        account.pending ? (
          <div className="row-actions">
            <Button
              size="small"
              type="primary"
              aria-label={t("users.approveOf", { name: account.username })}
              onClick={() => approve.mutate(account.id)}
            >
              {t("users.approve")}
            </Button>
            <Popconfirm
              title={t("users.rejectSure", { name: account.username })}
              okText={t("users.reject")}
              onConfirm={() => reject.mutate(account.id)}
            >
              <Button size="small" aria-label={t("users.rejectOf", { name: account.username })}>
                {t("users.reject")}
              </Button>
            </Popconfirm>
          </div>
        ) : (
          <Switch
            checked={account.active}
            disabled={!manageable(account)}
            aria-label={t("users.activeOf", { name: account.username })}
            onChange={(active) => change.mutate({ id: account.id, active })}
          />
        ),
    },
    { title: t("users.since"), width: 140, responsive: ["lg"], render: (_, account) => date(account.created_at) },
    {
      title: <span className="visually-hidden">{t("library.actions")}</span>,
      width: 56,
      render: (_, account) => manageable(account) && !account.pending && <UserActions account={account} />,
    },
  ];

  if (found.isError) return <ErrorPage error={found.error} retry={() => void found.refetch()} />;
  return (
    <>
      <div className="section-head">
        <h2>{t("console.users")}</h2>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
          {t("users.create")}
        </Button>
      </div>
      {Boolean(waiting.data?.total) && filters.state !== "pending" && (
        <Alert
          type="info"
          showIcon
          title={t("users.waiting", { count: waiting.data!.total })}
          action={
            <Button size="small" onClick={() => update({ state: "pending" })}>
              {t("users.look")}
            </Button>
          }
        />
      )}
      <div className="filters">
        <Input.Search
          allowClear
          placeholder={t("users.search")}
          aria-label={t("users.search")}
          onSearch={(text) => update({ text: text.trim() })}
        />
        <Select
          allowClear
          placeholder={t("users.anyRole")}
          aria-label={t("users.role")}
          value={filters.role}
          onChange={(role?: Role) => update({ role })}
          options={ROLES.map((value) => ({ value, label: t(`roles.${value}`) }))}
        />
        <Select
          allowClear
          placeholder={t("users.anyState")}
          aria-label={t("library.state")}
          value={filters.state}
          onChange={(state?: State) => update({ state })}
          options={(["active", "disabled", "pending"] as const).map((value) => ({
            value,
            label: t(`users.states.${value}`),
          }))}
        />
      </div>
      <Table<Account>
        rowKey="id"
        size="middle"
        columns={columns}
        dataSource={found.data?.accounts}
        loading={found.isPending}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("users.nobody")} /> }}
        pagination={{
          current: filters.page,
          pageSize: SIZE,
          total: found.data?.total ?? 0,
          hideOnSinglePage: true,
          showSizeChanger: false,
          onChange: (page) => setFilters({ ...filters, page }),
        }}
      />
      {creating && <NewUserDialog roles={roles} close={() => setCreating(false)} />}
    </>
  );
}
