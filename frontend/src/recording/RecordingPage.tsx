// One recording: its transcript to work on, or how far that is.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Card, Result } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { whoAmI } from "../account/me";
import { answer, api, ApiError, type Job, type Recording } from "../api/client";
import { Failed, Waiting } from "../app/Notice";
import { clock } from "../document/time";
import type { Doc } from "../document/types";
import { JobState } from "../library/JobState";
import { newestJobs, useJobs } from "../library/live";
import { Editor } from "./Editor";
import { loadTranscript } from "./useEditor";
import { colourOf, useNames } from "./names";
import "./editor.css";

export function RecordingPage() {
  const id = useParams().id!;
  const [generation, setGeneration] = useState(0);
  const path = { recording_id: id };
  const recording = useQuery({ queryKey: ["recording", id, "facts"], queryFn: () => answer(api.GET("/api/recordings/{recording_id}", { params: { path } })) });
  const queries = useQueryClient();
  const transcript = useQuery({
    queryKey: ["recording", id, "transcript", generation],
    queryFn: async () => {
      const { id: user } = await queries.fetchQuery(whoAmI());
      return { user, loaded: await loadTranscript(id, user) };
    },
    staleTime: Infinity,
    structuralSharing: false,
    gcTime: 0,
  });
  if (recording.isError) return <Failed error={recording.error} again={() => void recording.refetch()} />;
  if (transcript.isError && !(transcript.error instanceof ApiError && transcript.error.code === "transcript_not_found")) {
    return <Failed error={transcript.error} again={() => void transcript.refetch()} />;
  }
  if (!recording.data || transcript.isPending) return <Waiting />;
  if (!transcript.data) return <NotYet recording={recording.data} />;
  return <Editor key={`${id} ${generation}`} recording={recording.data} {...transcript.data} reload={() => setGeneration(generation + 1)} />;
}

/** How far the job is, and what it has heard so far. */
function NotYet({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const jobs = useJobs();
  const told = newestJobs(jobs).get(recording.id);
  const asked = useQuery({
    queryKey: ["jobs", "of", recording.id],
    queryFn: () => answer(api.GET("/api/jobs", { params: { query: { recording_id: recording.id, kind: "transcript", limit: 1 } } })),
    enabled: !told,
  });
  const job: Job | undefined = told ?? asked.data?.jobs[0];
  const moving = job?.status === "running" || job?.status === "queued";
  const heard = useQuery({
    queryKey: ["jobs", "heard", job?.id],
    queryFn: async () => (await answer(api.GET("/api/jobs/{job_id}/transcript", { params: { path: { job_id: job!.id } } }))).document as Doc,
    enabled: job !== undefined && job.status !== "queued",
    refetchInterval: moving ? 4000 : false,
  });
  const speakers = heard.data?.speakers ?? [];
  const nameOf = useNames(speakers);
  return (
    <section className="page">
      <header className="page-head"><h1>{recording.name}</h1></header>
      <Result
        title={moving ? t("editor.notYet") : t("editor.noTranscript")}
        subTitle={moving && t("editor.notYetAbout")}
        extra={
          <>
            <div className="not-yet"><JobState job={job} live={jobs.live} /></div>
            <Link to="/">{t("app.toLibrary")}</Link>
          </>
        }
      />
      {heard.data && heard.data.segments.length > 0 && (
        <Card title={t("editor.heardSoFar")}>
          <ol className="heard-so-far">
            {heard.data.segments.map((segment) => (
              <li key={segment.id}>
                <span className="time">{clock(segment.start)}</span>
                {speakers.length > 0 && <strong style={{ color: colourOf(speakers, segment.speaker) }}>{nameOf(segment.speaker)}</strong>}
                <span>{segment.text}</span>
              </li>
            ))}
          </ol>
        </Card>
      )}
    </section>
  );
}
