// Reviews a language model's suggestions, for polish and repair: load them, start a job, send decisions.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useErrorMessages } from "../api/useErrorMessages";
import { useNewestJob } from "../library/liveJobs";
import { nullIfMissing } from "./languageModel";

export type ReviewKind = "polish" | "repair";

/** The document in the editor, as far as a review needs it. */
export interface EditedDocument {
  /** Saves everything that is on the page. */
  flush: () => Promise<void>;
  /** The number of the version on the page. */
  base: () => number;
  /** Loads the newest version from the server. */
  reload: () => Promise<void>;
}

interface ReviewOptions<Result> extends EditedDocument {
  id: string;
  kind: ReviewKind;
  load: () => Promise<Result>;
  start: () => Promise<unknown>;
}

export type Review<Result, Id> = ReturnType<typeof useReview<Result, Id>>;

export function useReview<Result, Id>({ id, kind, load, start, flush }: ReviewOptions<Result>) {
  const messages = useErrorMessages();
  const job = useNewestJob(id, kind);
  /** The ids of suggestions being decided, or what else is in progress. */
  const [pending, setPending] = useState<readonly (Id | "all" | "start")[]>([]);
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const queryKey = ["recording", id, kind];
  const query = useQuery({ queryKey, queryFn: () => load().catch(nullIfMissing(`${kind}_not_found`)), staleTime: 0 });

  /** Saves the document, then runs `work`; one after the other. Resolves to whether it succeeded. */
  function run(what: Id | "all" | "start", work: () => Promise<unknown>): Promise<boolean> {
    setPending((before) => [...before, what]);
    const turn = last.current.then(async () => {
      try {
        await flush();
        await work();
        return true;
      } catch (error) {
        messages.show(error);
        return false;
      } finally {
        await query.refetch();
        flushSync(() => setPending((before) => before.filter((one) => one !== what)));
      }
    });
    last.current = turn;
    return turn;
  }

  return {
    kind,
    query,
    queryKey,
    job,
    jobOpen: job?.status === "queued" || job?.status === "running",
    pending,
    run,
    start: () => run("start", start),
  };
}
