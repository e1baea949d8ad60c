// The page of a recording: the editor, or the progress while there is no transcript.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Card, Result } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { currentUser } from "../account/queries";
import { ApiError, api, type Job, type Recording, unwrap } from "../api/client";
import { ErrorPage, Loading } from "../app/Feedback";
import { formatTime } from "../document/time";
import type { Doc } from "../document/types";
import { JobState } from "../library/JobState";
import { newestJobs, useJobs } from "../library/liveJobs";
import { Editor } from "./Editor";
import { colorOf, useNames } from "./names";
import { loadTranscript } from "./useEditor";
import "./editor.css";

export function RecordingPage() {
  const id = useParams().id!;
  const [generation, setGeneration] = useState(0);
  const path = { recording_id: id };
  const recording = useQuery({
    queryKey: ["recording", id, "facts"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}", { params: { path } })),
  });
  const queries = useQueryClient();
  const transcript = useQuery({
    queryKey: ["recording", id, "transcript", generation],
    queryFn: async () => {
      const { id: user } = await queries.fetchQuery(currentUser());
      return { user, loaded: await loadTranscript(id, user) };
    },
    staleTime: Infinity,
    structuralSharing: false,
    gcTime: 0,
  });
  if (recording.isError) return <ErrorPage error={recording.error} retry={() => void recording.refetch()} />;
  if (
    transcript.isError &&
    !(transcript.error instanceof ApiError && transcript.error.code === "transcript_not_found")
  ) {
    return <ErrorPage error={transcript.error} retry={() => void transcript.refetch()} />;
  }
  if (!recording.data || transcript.isPending) return <Loading />;
  if (!transcript.data) return <NotYet recording={recording.data} />;
  return (
    <Editor
      key={`${id} ${generation}`}
      recording={recording.data}
      {...transcript.data}
      reload={() => setGeneration(generation + 1)}
    />
  );
}

/** The progress of the job and its partial transcript. */
function NotYet({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const jobs = useJobs();
  const live = newestJobs(jobs).get(recording.id);
  const fetched = useQuery({
    queryKey: ["jobs", "of", recording.id],
    queryFn: () =>
      unwrap(api.GET("/api/jobs", { params: { query: { recording_id: recording.id, kind: "transcript", limit: 1 } } })),
    enabled: !live,
  });
  const job: Job | undefined = live ?? fetched.data?.jobs[0];
  const open = job?.status === "running" || job?.status === "queued";
  const partial = useQuery({
    queryKey: ["jobs", "partial-transcript", job?.id],
    queryFn: async () =>
      (await unwrap(api.GET("/api/jobs/{job_id}/transcript", { params: { path: { job_id: job!.id } } })))
        .document as Doc,
    enabled: job !== undefined && job.status !== "queued",
    refetchInterval: open ? 4000 : false,
  });
  const speakers = partial.data?.speakers ?? [];
  const nameOf = useNames(speakers);
  return (
    <section className="page">
      <header className="page-head">
        <h1>{recording.name}</h1>
      </header>
      <Result
        title={open ? t("editor.notYet") : t("editor.noTranscript")}
        subTitle={open && t("editor.notYetAbout")}
        extra={
          <>
            <div className="job-progress">
              <JobState job={job} live={jobs.live} />
            </div>
            <Link to="/">{t("app.toLibrary")}</Link>
          </>
        }
      />
      {partial.data && partial.data.segments.length > 0 && (
        <Card title={t("editor.partialTranscript")}>
          <ol className="partial-transcript">
            {partial.data.segments.map((segment) => (
              <li key={segment.id}>
                <span className="time">{formatTime(segment.start)}</span>
                {speakers.length > 0 && (
                  <strong style={{ color: colorOf(speakers, segment.speaker) }}>{nameOf(segment.speaker)}</strong>
                )}
                <span>{segment.text}</span>
              </li>
            ))}
          </ol>
        </Card>
      )}
    </section>
  );
}
