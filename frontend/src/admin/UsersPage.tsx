// Who has an account, with which role, and whether it is open.
import { PlusOutlined } from "@ant-design/icons";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Select, Switch, Table, Tag, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { whoAmI } from "../account/me";
import { answer, api, type Account, type Role } from "../api/client";
import { useMessages } from "../api/messages";
import { Failed } from "../app/Notice";

const ROLES: Role[] = ["user", "admin", "super_admin"];
const SIZE = 50;

export function UsersPage() {
  const { t, i18n } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  const { data: me } = useQuery(whoAmI());
  const [asked, setAsked] = useState({ text: "", page: 1 });
  const [dialog, setDialog] = useState<"new" | Account | null>(null);
  const found = useQuery({
    queryKey: ["users", asked],
    queryFn: () => answer(api.GET("/api/admin/users", { params: { query: { text: asked.text, limit: SIZE, offset: (asked.page - 1) * SIZE } } })),
    placeholderData: keepPreviousData,
  });
  const change = useMutation({
    mutationFn: ({ id, ...body }: { id: string; role?: Role; active?: boolean }) =>
      answer(api.PATCH("/api/admin/users/{user_id}", { params: { path: { user_id: id } }, body })),
    onSuccess: () => void message.success(t("users.changed")),
    onError: messages.tell,
    onSettled: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });

  // An admin reaches those below; the server decides, this only spares a refusal.
  const rank = (role: Role) => ROLES.indexOf(role);
  const below = (role: Role) => me !== undefined && (me.role === "super_admin" || rank(role) < rank(me.role));
  const reached = (account: Account) => below(account.role) && account.id !== me?.id;
  const roles = ROLES.filter((role) => below(role)).map((value) => ({ value, label: t(`roles.${value}`) }));

  const columns: TableColumnsType<Account> = [
    { title: t("login.username"), dataIndex: "username", render: (name: string, account) => <>{name} {account.id === me?.id && <Tag>{t("users.you")}</Tag>}</> },
    {
      title: t("users.role"),
      
      render: (_, account) =>
        reached(account) ? (
          <Select className="role" value={account.role} options={roles} aria-label={t("users.roleOf", { name: account.username })} onChange={(role) => change.mutate({ id: account.id, role })} />
        ) : (
          t(`roles.${account.role}`)
        ),
    },
    {
      title: t("users.active"),
      
      render: (_, account) => (
        <Switch checked={account.active} disabled={!reached(account)} aria-label={t("users.activeOf", { name: account.username })} onChange={(active) => change.mutate({ id: account.id, active })} />
      ),
    },
    { title: t("users.since"), width: 150, responsive: ["md"], render: (_, account) => new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" }).format(new Date(account.created_at)) },
    { title: <span className="unseen">{t("library.actions")}</span>, render: (_, account) => reached(account) && <Button type="link" onClick={() => setDialog(account)}>{t("users.resetPassword")}</Button> },
  ];

  if (found.isError) return <Failed error={found.error} again={() => void found.refetch()} />;
  return (
    <section className="page">
      <header className="page-head">
        <h1>{t("app.users")}</h1>
        <Input.Search className="search" allowClear placeholder={t("users.search")} aria-label={t("users.search")} onSearch={(text) => setAsked({ text: text.trim(), page: 1 })} />
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog("new")}>{t("users.create")}</Button>
      </header>
      <Table<Account>
        rowKey="id"
        columns={columns}
        dataSource={found.data?.accounts}
        loading={found.isPending}
        pagination={{ current: asked.page, pageSize: SIZE, total: found.data?.total ?? 0, hideOnSinglePage: true, showSizeChanger: false, onChange: (page) => setAsked({ ...asked, page }) }}
      />
      {dialog && <AccountDialog account={dialog === "new" ? null : dialog} roles={roles} close={() => setDialog(null)} />}
    </section>
  );
}

interface Entered {
  username: string;
  password: string;
  role: Role;
}

/** A new account, or a new password for one there is. */
function AccountDialog({ account, roles, close }: { account: Account | null; roles: { value: Role; label: string }[]; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  const [form] = Form.useForm<Entered>();
  const save = useMutation({
    mutationFn: async (entered: Entered) => {
      if (!account) await answer(api.POST("/api/admin/users", { body: entered }));
      else await answer(api.POST("/api/admin/users/{user_id}/password", { params: { path: { user_id: account.id } }, body: { password: entered.password } }));
    },
    onSuccess: () => {
      void message.success(account ? t("users.passwordReset") : t("users.created"));
      void queries.invalidateQueries({ queryKey: ["users"] });
      close();
    },
    onError: messages.tell,
  });
  return (
    <Modal open title={account ? t("users.resetPasswordOf", { name: account.username }) : t("users.create")} onCancel={close} onOk={() => form.submit()} confirmLoading={save.isPending} okText={t("app.save")}>
      <Form<Entered> form={form} layout="vertical" requiredMark={false} initialValues={{ role: "user" }} onFinish={(entered) => save.mutate(entered)}>
        {!account && (
          <Form.Item name="username" label={t("login.username")} rules={[{ required: true, message: t("login.usernameMissing") }]}>
            <Input autoComplete="off" autoFocus />
          </Form.Item>
        )}
        <Form.Item name="password" label={t("login.password")} extra={t("account.passwordAbout")} rules={[{ required: true, message: t("login.passwordMissing") }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {!account && <Form.Item name="role" label={t("users.role")}><Select options={roles} /></Form.Item>}
      </Form>
    </Modal>
  );
}
