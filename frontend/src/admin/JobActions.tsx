// The actions on any user's job: move to the front, cancel, retry.
import { MoreOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import type { AnyJob } from "./types";

export function JobActions({ job }: { job: AnyJob }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const path = { params: { path: { job_id: job.id } } };
  const invalidates = ["any-jobs", "queue"];
  const front = useAction(() => unwrap(api.POST("/api/admin/jobs/{job_id}/front", path)), {
    successMessage: t("console.moved"),
    invalidates,
  });
  const cancel = useAction(() => unwrap(api.POST("/api/admin/jobs/{job_id}/cancel", path)), {
    successMessage: t("console.cancelled"),
    invalidates,
  });
  const retry = useAction(() => unwrap(api.POST("/api/admin/jobs/{job_id}/retry", path)), {
    successMessage: t("console.retried"),
    invalidates,
  });
  const open = job.status === "queued" || job.status === "running";
  const stop = () =>
    modal.confirm({
      title: t("console.cancelSure", { name: job.owner_name }),
      content: t("console.cancelAbout"),
      okText: t("library.cancel"),
      okButtonProps: { danger: true },
      onOk: () => cancel.mutateAsync(undefined).then(undefined, () => {}),
    });
  const items = [
    ...(job.status === "queued"
      ? [{ key: "front", label: t("console.front"), onClick: () => front.mutate(undefined) }]
      : []),
    ...(open
      ? [{ key: "cancel", label: t("library.cancel"), danger: true, onClick: () => void stop() }]
      : [{ key: "retry", label: t("library.retry"), onClick: () => retry.mutate(undefined) }]),
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button
        type="text"
        icon={<MoreOutlined />}
        aria-label={t("console.jobActionsOf", { name: job.owner_name, state: t(`jobs.${job.status}`) })}
        loading={front.isPending || cancel.isPending || retry.isPending}
      />
    </Dropdown>
  );
}
