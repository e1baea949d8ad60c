// The actions on a user's account.
import { MoreOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Account, api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { DeleteUserDialog } from "./DeleteUserDialog";
import { EditUserDialog } from "./EditUserDialog";
import { PasswordDialog } from "./UserDialogs";

export function UserActions({ account }: { account: Account }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const [open, setOpen] = useState<"edit" | "password" | "delete" | null>(null);
  const path = { params: { path: { user_id: account.id } } };
  const name = account.username;
  const end = useAction(() => unwrap(api.POST("/api/admin/users/{user_id}/logins/end", path)), {
    successMessage: t("users.loginsEnded"),
  });
  const removeFactor = useAction(() => unwrap(api.DELETE("/api/admin/users/{user_id}/two-factor", path)), {
    successMessage: t("users.factorRemoved"),
  });
  const confirm = (title: string, content: string, act: () => Promise<unknown>) =>
    modal.confirm({ title, content, okButtonProps: { danger: true }, onOk: () => act().then(undefined, () => {}) });
  const items = [
    { key: "edit", label: t("users.edit"), onClick: () => setOpen("edit") },
    { key: "password", label: t("users.resetPassword"), onClick: () => setOpen("password") },
    {
      key: "logins",
      label: t("users.endLogins"),
      onClick: () =>
        void confirm(t("users.endLoginsSure", { name }), t("users.endLoginsAbout"), () => end.mutateAsync(undefined)),
    },
    {
      key: "factor",
      label: t("users.removeFactor"),
      onClick: () =>
        void confirm(t("users.removeFactorSure", { name }), t("users.removeFactorAbout"), () =>
          removeFactor.mutateAsync(undefined),
        ),
    },
    { type: "divider" as const },
    { key: "delete", label: t("users.delete"), danger: true, onClick: () => setOpen("delete") },
  ];
  const close = () => setOpen(null);
  return (
    <>
      <Dropdown trigger={["click"]} menu={{ items }}>
        <Button type="text" icon={<MoreOutlined />} aria-label={t("library.actionsOf", { name })} />
      </Dropdown>
      {open === "edit" && <EditUserDialog account={account} close={close} />}
      {open === "password" && <PasswordDialog account={account} close={close} />}
      {open === "delete" && <DeleteUserDialog account={account} close={close} />}
    </>
  );
}
