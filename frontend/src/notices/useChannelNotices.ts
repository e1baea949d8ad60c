// Tells on any page that a channel has failed for long.
import { App, Button } from "antd";
import { createElement, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { usePausedChannel } from "../library/liveJobs";

const KEY = "paused-channel";

export function useChannelNotices() {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const paused = usePausedChannel();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once an event, not when the language changes
  useEffect(() => {
    if (!paused) return;
    const open = () => {
      notification.destroy(KEY);
      void navigate("/account/channels");
    };
    notification.warning({
      key: KEY,
      title: t("channels.paused"),
      placement: "bottomRight",
      duration: 0,
      role: "status",
      actions: createElement(Button, { size: "small", type: "primary", onClick: open }, t("channels.title")),
    });
  }, [paused]);
}
