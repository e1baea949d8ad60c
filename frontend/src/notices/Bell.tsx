// The bell in the header: what has happened to one's recordings, newest first.

import { BellOutlined } from "@ant-design/icons";
import { Badge, Button, Empty, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats } from "../app/formats";
import { titleOf } from "../app/recordingTitle";
import { useJobs } from "../library/liveJobs";
import { newestEnded, unseenCount } from "./endedJobs";
import { useNoticeText } from "./noticeText";
import { useAskForNotices } from "./systemNotices";
import "./notices.css";

const SHOWN = 20;

export function Bell({ user }: { user: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const textOf = useNoticeText();
  const { byId } = useJobs();
  const { askable, ask } = useAskForNotices();
  const [open, setOpen] = useState(false);
  const [seen, setSeen] = useState(() => loadSeen(user));
  const jobs = newestEnded(byId, SHOWN);
  const unseen = open ? 0 : unseenCount(jobs, seen);

  function toggle(shown: boolean) {
    setOpen(shown);
    setSeen(saveSeen(user));
  }

  return (
    <Popover
      trigger="click"
      placement="bottom"
      open={open}
      onOpenChange={toggle}
      content={
        <section className="notices" aria-label={t("notices.title")}>
          {jobs.length === 0 ? (
            <Empty description={t("notices.none")} />
          ) : (
            <ul>
              {jobs.map((job) => (
                <li key={job.id}>
                  <Link
                    className="two-lines"
                    title={job.recording_name}
                    to={`/recordings/${job.recording_id}`}
                    onClick={() => toggle(false)}
                  >
                    {titleOf(job.recording_name)}
                  </Link>
                  <small>
                    {textOf(job)} · {formats.dateTime(job.finished_at!)}
                  </small>
                </li>
              ))}
            </ul>
          )}
          {askable && (
            <Button size="small" block onClick={() => void ask()}>
              {t("notices.allow")}
            </Button>
          )}
        </section>
      }
    >
      <Button
        type="text"
        icon={
          <span aria-hidden>
            <Badge dot={unseen > 0} offset={[2, 0]}>
              <BellOutlined className="bell" />
            </Badge>
          </span>
        }
        aria-label={unseen ? t("notices.unseen", { count: unseen }) : t("notices.title")}
      />
    </Popover>
  );
}

const KEY = (user: string) => `notices-seen:${user}`;

/** When this person last looked. At the first time nothing counts as unseen. */
function loadSeen(user: string): string {
  return localStorage.getItem(KEY(user)) ?? saveSeen(user);
}

function saveSeen(user: string): string {
  const now = new Date().toISOString();
  try {
    localStorage.setItem(KEY(user), now);
  } catch {
    // Without localStorage the next window begins anew.
  }
  return now;
}
