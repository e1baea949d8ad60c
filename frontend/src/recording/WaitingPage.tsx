// The page of a recording that has no transcript yet: stages, place and time left, the audio, and the text so far.
import { CheckCircleFilled, ClockCircleOutlined, EditOutlined, LoadingOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Card } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { pathOf } from "../api/basePath";
import { api, type Job, type Recording, unwrap } from "../api/client";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";
import { JobState } from "../library/JobState";
import { cancel, isOpen, isRetryable, newestJobOf, retry } from "../library/jobs";
import { newestJobs, useJobs } from "../library/liveJobs";
import { useRenameDialog } from "../library/RecordingActions";
import { type PlannedStage, stagePlan } from "../library/stagePlan";
import { useForEach } from "../library/trash";
import { useAskForNotices } from "../notices/systemNotices";
import { PartialTranscript } from "./PartialTranscript";
import "./waiting.css";

export function WaitingPage({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const jobs = useJobs();
  const rename = useRenameDialog(recording);
  const each = useForEach();
  const { askable, ask } = useAskForNotices();
  const audio = useRef<HTMLAudioElement>(null);
  const [silent, setSilent] = useState(false);
  const live = newestJobs(jobs).get(recording.id);
  const fetched = useQuery({ ...newestJobOf(recording.id), enabled: !live });
  const job: Job | undefined = live ?? fetched.data?.jobs[0];
  const open = job !== undefined && isOpen(job);
  const plan = job ? stagePlan(job) : [];
  const playable = plan[0]?.state === "done" && !silent;
  const partial = useQuery({
    queryKey: ["jobs", "partial-transcript", job?.id],
    queryFn: async () =>
      (await unwrap(api.GET("/api/jobs/{job_id}/transcript", { params: { path: { job_id: job!.id } } })))
        .document as Doc,
    enabled: job !== undefined && job.status !== "queued",
    refetchInterval: open ? 4000 : false,
  });

  function playFrom(time: number) {
    if (!audio.current) return;
    audio.current.currentTime = time;
    void audio.current.play();
  }

  return (
    <section className="page waiting-page">
      <header className="page-head">
        <h1 className="two-lines" title={recording.name}>
          {recording.name}
        </h1>
        <Button icon={<EditOutlined aria-hidden />} onClick={rename}>
          {t("library.rename")}
        </Button>
        {open && <Button onClick={() => void each([job.id], cancel)}>{t("library.cancel")}</Button>}
        {job && isRetryable(job) && (
          <Button type="primary" onClick={() => void each([job.id], retry)}>
            {t("library.retry")}
          </Button>
        )}
      </header>
      <Card title={open ? t("editor.notYet") : t("editor.noTranscript")}>
        <JobState job={job} live={jobs.live} />
        {open && <StageList plan={plan} />}
        {open && (
          <p className="secondary">
            {t("editor.notYetAbout")}{" "}
            {askable && (
              <Button size="small" onClick={() => void ask()}>
                {t("notices.allow")}
              </Button>
            )}
          </p>
        )}
        {playable && (
          <audio
            ref={audio}
            className="waiting-audio"
            controls
            preload="metadata"
            src={pathOf(`/api/recordings/${recording.id}/audio`)}
            aria-label={t("editor.player")}
            onError={() => setSilent(true)}
          />
        )}
      </Card>
      {partial.data && partial.data.segments.length > 0 && (
        <PartialTranscript doc={partial.data} play={playable ? playFrom : null} />
      )}
    </section>
  );
}

const ICONS = {
  done: <CheckCircleFilled className="stage-done" aria-hidden />,
  running: <LoadingOutlined aria-hidden />,
  coming: <ClockCircleOutlined aria-hidden />,
};

function StageList({ plan }: { plan: readonly PlannedStage[] }) {
  const { t } = useTranslation();
  return (
    <ol className="stage-list" aria-label={t("waiting.stages")}>
      {plan.map(({ name, state, progress, waitsBehind }) => (
        <li key={name} className={`stage ${state}`}>
          {ICONS[state]} <span>{t(`stages.${name}`)}</span>
          <small>
            {state === "running" && progress
              ? `${formatTime(progress.done)} / ${formatTime(progress.total)}`
              : t(`waiting.${state}`)}
            {waitsBehind !== null && ` · ${t("jobs.waitsForEngine", { count: waitsBehind })}`}
          </small>
        </li>
      ))}
    </ol>
  );
}
