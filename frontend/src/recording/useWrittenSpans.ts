// What is written otherwise in the texts of a document. The server finds it; every text is asked for once.
import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { api, unwrap } from "../api/client";
import type { WrittenForm } from "../app/writtenForm";
import type { Doc } from "../document/types";
import { type Span, toUtf16 } from "../document/written";

type Known = ReadonlyMap<string, readonly Span[]>;

/** Chinese digits and units, and the word for minus. */
const NUMERAL =
  /[\u96f6\u3007\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07\u4ebf\u5e7a\u4e24\u8d1f]/;
const HAN = /\p{Script=Han}/u;
/** Written with Chinese characters as well, by rules of their own. */
const NOT_CHINESE = ["ja", "ko"];
/** How much is asked for at once, so that the first rows need not wait for the last. */
const TEXTS_PER_REQUEST = 300;
const CHARACTERS_PER_REQUEST = 50_000;
const NO_SPANS: readonly Span[] = [];

/** The spans of any text of the document, and of `more` texts. None while they are on their way. */
export function useWrittenSpans(
  recordingId: string,
  doc: Doc,
  form: WrittenForm,
  more: readonly string[] = [],
): (text: string) => readonly Span[] {
  const queries = useQueryClient();
  const names = useMemo(() => namesOf(doc), [doc]);
  const key = useMemo(() => ["recording", recordingId, "written-form", form, names], [recordingId, form, names]);
  const needed = useMemo(() => [...neededTexts(doc, form, more)], [doc, form, more]);
  const known = useQuery<Known>({
    queryKey: key,
    queryFn: ({ signal }) => ask(queries, key, recordingId, { ...form, protected: names }, needed, signal),
    enabled: needed.length > 0,
    staleTime: Infinity,
    structuralSharing: false,
    // While another form is on its way, nothing jumps back to what was heard.
    placeholderData: keepPreviousData,
  });
  const missing = known.isSuccess && !known.isFetching && needed.some((text) => !known.data.has(text));
  const { refetch } = known;
  useEffect(() => {
    if (missing) void refetch();
  }, [missing, refetch]);
  const found = needed.length ? known.data : undefined;
  return useCallback((text: string) => found?.get(text) ?? NO_SPANS, [found]);
}

function namesOf(doc: Doc): string[] {
  return doc.speakers.flatMap((speaker) => (speaker.name ? [speaker.name] : []));
}

function neededTexts({ language, segments }: Doc, form: WrittenForm, more: readonly string[]): Set<string> {
  const changes = form.script !== "as_is" ? HAN : form.numbers ? NUMERAL : null;
  if (!changes || NOT_CHINESE.includes(language)) return new Set();
  return new Set([...segments.map((segment) => segment.text), ...more].filter((text) => changes.test(text)));
}

/** Asks for the texts that are not known yet, and tells of each answer as it comes. */
async function ask(
  queries: QueryClient,
  key: readonly unknown[],
  recordingId: string,
  options: WrittenForm & { protected: string[] },
  needed: readonly string[],
  signal: AbortSignal,
): Promise<Known> {
  const before = queries.getQueryData<Known>(key);
  // Only what is needed, so that a long session of editing does not keep every text it had.
  let known: Known = new Map(
    needed.flatMap((text) => {
      const spans = before?.get(text);
      return spans ? [[text, spans] as const] : [];
    }),
  );
  for (const texts of batches(needed.filter((text) => !known.has(text)))) {
    const { spans } = await unwrap(
      api.POST("/api/recordings/{recording_id}/transcript/written-form", {
        params: { path: { recording_id: recordingId } },
        body: { ...options, texts },
        signal,
      }),
    );
    known = new Map([
      ...known,
      ...texts.map((text, number) => {
        const found = spans[number] as unknown as readonly Span[];
        return [text, found.length ? toUtf16(text, found) : NO_SPANS] as const;
      }),
    ]);
    queries.setQueryData(key, known);
  }
  return known;
}

function* batches(texts: readonly string[]): Generator<string[]> {
  let batch: string[] = [];
  let size = 0;
  for (const text of texts) {
    if (batch.length && (batch.length === TEXTS_PER_REQUEST || size + text.length > CHARACTERS_PER_REQUEST)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(text);
    size += text.length;
  }
  if (batch.length) yield batch;
}
