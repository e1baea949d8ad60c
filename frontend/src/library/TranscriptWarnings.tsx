// What was not heard of a recording, or not as it was asked for: the warnings of its newest transcription.
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useErrorMessages } from "../api/useErrorMessages";
import { newestJobOf } from "./jobs";

export function TranscriptWarnings({ recording }: { recording: string }) {
  const messages = useErrorMessages();
  const job = useQuery(newestJobOf(recording)).data?.jobs[0];
  if (!job || job.warnings.length === 0) return null;
  return <Alert type="warning" showIcon title={messages.ofWarnings(job.warnings)} />;
}
