// The frame of the polish and repair panels: start button, job status, accept or reject everything.
import { Button, Popconfirm, Space } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorPage, Loading } from "../app/Feedback";
import { ModelJobStatus, RequiresModel } from "./languageModel";
import type { Review } from "./useReview";

interface ReviewPanelProps<Result, Id> {
  review: Review<Result, Id>;
  /** Whether there are suggestions: then the explanation is hidden and the button small. */
  compact?: (result: Result | null) => { about: boolean; button: boolean };
  children: (result: Result) => ReactNode;
}

export function ReviewPanel<Result, Id>({ review, compact, children }: ReviewPanelProps<Result, Id>) {
  const { t } = useTranslation();
  const { kind, query, job, jobOpen, pending } = review;
  if (query.isPending) return <Loading />;
  if (query.isError) return <ErrorPage error={query.error} retry={() => void query.refetch()} />;
  const result = query.data;
  const small = compact?.(result);
  return (
    <section className={`panel ${kind}`} aria-label={t(`${kind}.name`)}>
      <RequiresModel>
        {!small?.about && <p className="secondary">{t(`${kind}.about`)}</p>}
        <Button
          type={result ? "default" : "primary"}
          size={small?.button ? "small" : "middle"}
          loading={pending.includes("start")}
          disabled={jobOpen}
          onClick={() => void review.start()}
        >
          {result ? t(`${kind}.again`) : t(`${kind}.begin`)}
        </Button>
        <ModelJobStatus job={job} />
      </RequiresModel>
      {result && children(result)}
    </section>
  );
}

interface DecideAllProps {
  acceptText: string;
  rejectText: string;
  question: string;
  /** undefined if there is nothing to accept. */
  accept: (() => void) | undefined;
  reject: (() => Promise<unknown>) | undefined;
  busy: boolean;
  primary?: boolean;
  loading?: boolean;
}

export function DecideAll({
  acceptText,
  rejectText,
  question,
  accept,
  reject,
  busy,
  primary = false,
  loading = false,
}: DecideAllProps) {
  return (
    <Space wrap>
      <Button
        size="small"
        type={primary ? "primary" : "default"}
        loading={loading}
        disabled={busy || !accept}
        onClick={accept}
      >
        {acceptText}
      </Button>
      <Popconfirm title={question} okText={rejectText} onConfirm={reject}>
        <Button size="small" disabled={busy || !reject}>
          {rejectText}
        </Button>
      </Popconfirm>
    </Space>
  );
}
