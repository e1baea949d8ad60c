// The chapters of the open recording: from its newest minutes, as they are read for the panel too.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, unwrap } from "../api/client";
import { type Chapter, chaptersOf } from "../document/chapters";
import type { Doc } from "../document/types";
import { nullIfMissing } from "../minutes/languageModel";

const NONE: readonly Chapter[] = [];

export function useChapters(id: string, doc: Doc): Chapter[] {
  const minutes = useQuery({
    queryKey: ["recording", id, "minutes", null],
    queryFn: () =>
      unwrap(
        api.GET("/api/recordings/{recording_id}/minutes", {
          params: { path: { recording_id: id }, query: { version: null } },
        }),
      ).catch(nullIfMissing("minutes_not_found")),
    staleTime: 0,
  });
  const topics = minutes.data?.content.topics ?? NONE;
  return useMemo(() => chaptersOf(doc, topics), [doc, topics]);
}
