// The page of a recording: the editor, or the progress while there is no transcript.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "react-router";
import { currentUser } from "../account/queries";
import { ApiError, api, unwrap } from "../api/client";
import { ErrorPage, Loading } from "../app/Feedback";
import { usePageTitle } from "../app/pageTitle";
import { titleOf } from "../app/recordingTitle";
import { Editor } from "./Editor";
import { loadTranscript } from "./readTranscript";
import { WaitingPage } from "./WaitingPage";
import "./editor.css";
import "./workspace.css";

export function RecordingPage() {
  const id = useParams().id!;
  const path = { recording_id: id };
  const recording = useQuery({
    queryKey: ["recording", id, "facts"],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}", { params: { path } })),
  });
  usePageTitle(recording.data && titleOf(recording.data.name));
  const queries = useQueryClient();
  const transcript = useQuery({
    queryKey: ["recording", id, "transcript"],
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
  if (!transcript.data) return <WaitingPage recording={recording.data} />;
  return <Editor key={id} recording={recording.data} {...transcript.data} />;
}
