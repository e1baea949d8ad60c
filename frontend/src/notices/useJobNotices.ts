// Tells on any page that a job has ended: a toast, the title of the tab and, where allowed, a notice of the browser.

import { App, Button } from "antd";
import { createElement, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import type { Job } from "../api/client";
import { noticeInTitle } from "../app/pageTitle";
import { titleOf } from "../app/recordingTitle";
import { useJobs } from "../library/liveJobs";
import { endedBetween } from "./endedJobs";
import { useNoticeText } from "./noticeText";
import { showSystemNotice } from "./systemNotices";

const SECONDS = 8;

export function useJobNotices() {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const { byId, known } = useJobs();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const textOf = useNoticeText();
  const before = useRef<Readonly<Record<string, Job>> | null>(null);
  useEffect(() => {
    if (!known) return;
    const ended = endedBetween(before.current ?? byId, byId);
    before.current = byId;
    for (const job of ended) tell(job);
  });

  function tell(job: Job) {
    const address = `/recordings/${job.recording_id}`;
    const open = () => {
      notification.destroy(job.id);
      void navigate(address);
    };
    const text = textOf(job);
    noticeInTitle(text);
    void showSystemNotice(`${text} ${titleOf(job.recording_name)}`, job.id, open);
    if (pathname === address && !document.hidden) return; // the page itself shows it
    notification[job.status === "done" ? "success" : "error"]({
      key: job.id,
      title: text,
      description: titleOf(job.recording_name),
      placement: "bottomRight",
      duration: SECONDS,
      role: "status",
      actions: createElement(Button, { size: "small", type: "primary", onClick: open }, t("notices.open")),
    });
  }
}
