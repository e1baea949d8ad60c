// Merges the lists of speakers of two documents that were made from one base.
import { sameSegment } from "./sameSegment";
import type { Doc, Speaker } from "./types";

/** A speaker whom both sides named differently. */
export interface NameConflict {
  readonly key: string;
  readonly id: string;
  readonly mine: string | null;
  readonly theirs: string | null;
}

/** A speaker whom one side removed: kept only where a segment still has them. */
export type MergedSpeaker = Speaker & { readonly removed?: true };

export function mergeSpeakers(base: Doc, mine: Doc, theirs: Doc): { speakers: MergedSpeaker[]; names: NameConflict[] } {
  const [was, ours, others] = [base, mine, theirs].map(namesOf) as [Names, Names, Names];
  const names: NameConflict[] = [];
  const speakers = [...new Set([...others.keys(), ...ours.keys(), ...was.keys()])].map((id): MergedSpeaker => {
    const [before, my, their] = [was.get(id), ours.get(id), others.get(id)];
    if (my === undefined || their === undefined) {
      const name = my ?? their ?? before ?? null;
      // Whoever one side removed is kept where the other side named them.
      return before === undefined || (my ?? their ?? before) !== before ? { id, name } : { id, name, removed: true };
    }
    if (my !== their && my !== before && their !== before)
      names.push({ key: `name ${id}`, id, mine: my, theirs: their });
    return { id, name: my === before ? their : my };
  });
  return { speakers, names };
}

/** Gives the speakers whom I added other ids, where the other side has added somebody else under the same id. */
export function separateNewSpeakers(base: Doc, mine: Doc, theirs: Doc): Doc {
  const [was, ours, others] = [base, mine, theirs].map(namesOf) as [Names, Names, Names];
  const ids = new Map<string, string>();
  let number = ours.size;
  for (const [id, name] of ours) {
    if (was.has(id) || !others.has(id) || samePerson(id, name)) continue;
    do number += 1;
    while (ours.has(`S${number}`) || others.has(`S${number}`) || was.has(`S${number}`));
    ids.set(id, `S${number}`);
  }
  if (ids.size === 0) return mine;
  const other = (id: string | null | undefined) => (id ? ids.get(id) : undefined) ?? id;
  return {
    ...mine,
    speakers: mine.speakers.map((one) => ({ ...one, id: ids.get(one.id) ?? one.id })),
    segments: mine.segments.map((one) => {
      const [speaker, second] = [other(one.speaker), other(one.second_speaker)];
      return speaker === one.speaker && second === one.second_speaker
        ? one
        : { ...one, speaker, second_speaker: second };
    }),
  };

  /** Both have given them this name, or the same segment: it is one change that was saved, but not acknowledged. */
  function samePerson(id: string, name: string | null): boolean {
    const used = [...mine.segments, ...theirs.segments].some((one) => one.speaker === id);
    if (others.get(id) === name && (name !== null || !used)) return true;
    const theirSegments = new Map(theirs.segments.map((one) => [one.id, one]));
    return mine.segments.some((one) => {
      const same = one.speaker === id ? theirSegments.get(one.id) : undefined;
      return same !== undefined && sameSegment(one, same);
    });
  }
}

type Names = ReadonlyMap<string, string | null>;

function namesOf(doc: Doc): Names {
  return new Map(doc.speakers.map((one) => [one.id, one.name ?? null]));
}
