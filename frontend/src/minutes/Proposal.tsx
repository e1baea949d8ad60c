// A model's new minutes beside those that a person has edited, and the difference between two versions.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { changedLines } from "./draft";
import type { Minutes } from "./MinutesText";

interface ProposalProps {
  current: Minutes;
  /** The number of the proposal. */
  number: number;
  onTaken: (minutes: Minutes) => void;
}

export function Proposal({ current, number, onTaken }: ProposalProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const proposal = useVersion(current.recording_id, number, shown);
  const path = { recording_id: current.recording_id, version: number };
  const accept = useAction(
    () =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/minutes/proposals/{version}/accept", {
          params: { path },
          body: { based_on: current.number },
        }),
      ),
    { onDone: onTaken, invalidates: ["recording"] },
  );
  const decline = useAction(
    () => unwrap(api.DELETE("/api/recordings/{recording_id}/minutes/proposals/{version}", { params: { path } })),
    { invalidates: ["recording"] },
  );
  return (
    <>
      <Alert type="info" showIcon title={t("minutes.proposal")} description={t("minutes.proposalAbout")} />
      <div className="minutes-head">
        <Button size="small" type="primary" loading={accept.isPending} onClick={() => accept.mutate(undefined)}>
          {t("minutes.proposalAccept")}
        </Button>
        <Button size="small" loading={decline.isPending} onClick={() => decline.mutate(undefined)}>
          {t("minutes.proposalDecline")}
        </Button>
        <Button size="small" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {t("minutes.difference")}
        </Button>
      </div>
      {shown && proposal && <Changes before={current} after={proposal} />}
    </>
  );
}

/** A button that shows what this version has changed against the one before it. */
export function VersionDifference({ recordingId, minutes }: { recordingId: string; minutes: Minutes }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const before = useVersion(recordingId, minutes.number - 1, shown);
  return (
    <>
      <Button size="small" type="text" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {t("minutes.differenceTo", { number: minutes.number - 1 })}
      </Button>
      {shown && before && <Changes before={before} after={minutes} />}
    </>
  );
}

function useVersion(recordingId: string, version: number, enabled: boolean): Minutes | undefined {
  const path = { recording_id: recordingId };
  return useQuery({
    queryKey: ["recording", recordingId, "minutes", version],
    queryFn: () => unwrap(api.GET("/api/recordings/{recording_id}/minutes", { params: { path, query: { version } } })),
    enabled,
  }).data;
}

function Changes({ before, after }: { before: Minutes; after: Minutes }) {
  const { t } = useTranslation();
  const changes = changedLines(before.content, after.content);
  if (changes.length === 0) return <p className="secondary">{t("minutes.noDifference")}</p>;
  return (
    <ul className="minutes-changes" aria-label={t("minutes.difference")}>
      {changes.map(({ kind, text }, place) => (
        <li key={place}>
          {kind === "removed" ? (
            <del>
              <span className="visually-hidden">{t("diff.out")}</span>
              {text}
            </del>
          ) : (
            <ins>
              <span className="visually-hidden">{t("diff.in")}</span>
              {text}
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}
