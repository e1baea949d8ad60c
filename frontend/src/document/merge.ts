// Merges two documents that were made from one base: a three-way merge by segment (as diff3 does by line). What only
// one side changed is taken; where both changed the same segments in different ways, a person is asked.
import { freshId } from "./ids";
import { sameSaid, sameSegment, sameSegments, sameWho } from "./sameSegment";
import { changesOf, type SegmentsChange } from "./segmentChanges";
import { type MergedSpeaker, mergeSpeakers, type NameConflict, separateNewSpeakers } from "./speakerMerge";
import type { Doc, Segment, Speaker } from "./types";

/** Segments that both sides changed in different ways; empty where a side has deleted them. */
export interface SegmentConflict {
  readonly key: string;
  readonly base: readonly Segment[];
  readonly mine: readonly Segment[];
  readonly theirs: readonly Segment[];
}

export type Choice = "mine" | "theirs" | "both";

export interface Merge {
  /** The other side's document; segments equal to those of the base are the base's objects. */
  readonly theirs: Doc;
  readonly parts: readonly (readonly Segment[] | SegmentConflict)[];
  readonly speakers: readonly MergedSpeaker[];
  readonly conflicts: readonly SegmentConflict[];
  readonly names: readonly NameConflict[];
}

export function merge(base: Doc, mineAsIs: Doc, theirsAsIs: Doc): Merge {
  const theirs = withObjectsOf(base, theirsAsIs);
  const mine = separateNewSpeakers(base, withObjectsOf(base, mineAsIs), theirs);
  const parts: (readonly Segment[] | SegmentConflict)[] = [];
  let at = 0;
  for (const group of overlapping(changesOf(base.segments, mine.segments), changesOf(base.segments, theirs.segments))) {
    parts.push(base.segments.slice(at, group.from), mergeGroup(base.segments, group));
    at = group.to;
  }
  parts.push(base.segments.slice(at));
  const { speakers, names } = mergeSpeakers(base, mine, theirs);
  return { theirs, parts, speakers, conflicts: parts.filter(isConflict), names };
}

/** The merged document, in which `choose` decides each conflict by its key. For a name, both means mine. */
export function resolve(merged: Merge, choose: (key: string) => Choice): Doc {
  const segments = merged.parts.flatMap((part) => (isConflict(part) ? chosen(part, choose(part.key)) : part));
  const names = new Map(merged.names.map((one) => [one.id, choose(one.key) === "theirs" ? one.theirs : one.mine]));
  const used = new Set(segments.flatMap((one) => [one.speaker, one.second_speaker]));
  const speakers = merged.speakers
    .filter((one) => !one.removed || used.has(one.id))
    .map(({ id, name }): Speaker => ({ id, name: names.has(id) ? names.get(id) : name }));
  const doc = { ...merged.theirs, speakers, segments: inOrder(withUniqueIds(segments)) };
  return sameDocument(doc, merged.theirs) ? merged.theirs : doc;
}

function isConflict(part: readonly Segment[] | SegmentConflict): part is SegmentConflict {
  return "key" in part;
}

function withObjectsOf(base: Doc, doc: Doc): Doc {
  const known = new Map(base.segments.map((one) => [one.id, one]));
  const segments = doc.segments.map((one) => {
    const before = known.get(one.id);
    return before && sameSegment(before, one) ? before : one;
  });
  return segments.every((one, number) => one === doc.segments[number]) ? doc : { ...doc, segments };
}

interface Group {
  readonly from: number;
  to: number;
  readonly mine: SegmentsChange[];
  readonly theirs: SegmentsChange[];
}

/** The changes of both sides, in groups that touch the same segments of the base. */
function overlapping(mine: readonly SegmentsChange[], theirs: readonly SegmentsChange[]): Group[] {
  const all = [
    ...mine.map((change) => ({ change, side: "mine" as const })),
    ...theirs.map((change) => ({ change, side: "theirs" as const })),
  ].sort((a, b) => a.change.at - b.change.at || Math.sign(a.change.drop) - Math.sign(b.change.drop));
  const groups: Group[] = [];
  for (const { change, side } of all) {
    const last = groups.at(-1);
    const to = change.at + change.drop;
    const insertions = last && last.from === last.to && change.drop === 0 && change.at === last.from;
    if (last && (change.at < last.to || insertions)) last.to = Math.max(last.to, to);
    else groups.push({ from: change.at, to, mine: [], theirs: [] });
    groups.at(-1)![side].push(change);
  }
  return groups;
}

function mergeGroup(all: readonly Segment[], group: Group): readonly Segment[] | SegmentConflict {
  const base = all.slice(group.from, group.to);
  const side = (changes: readonly SegmentsChange[]) => {
    const segments: Segment[] = [];
    let at = group.from;
    for (const change of changes) {
      segments.push(...all.slice(at, change.at), ...change.put);
      at = change.at + change.drop;
    }
    return [...segments, ...all.slice(at, group.to)];
  };
  const mine = side(group.mine);
  const theirs = side(group.theirs);
  if (group.mine.length === 0 || sameSegments(mine, theirs)) return theirs;
  if (group.theirs.length === 0) return mine;
  if (base.length === 0)
    return byStart([...theirs, ...mine.filter((one) => !theirs.some((other) => sameSegment(one, other)))]);
  const together = base.length === 1 ? (mergeOne(base[0]!, mine, theirs) ?? mergeOne(base[0]!, theirs, mine)) : null;
  if (together) return together;
  const key = (mine[0] ?? theirs[0] ?? base[0])!.id;
  return { key: `segment ${key}`, base, mine, theirs };
}

/** One segment, of which one side changed only the speaker and the other only what was said, or split it. */
function mergeOne(base: Segment, who: readonly Segment[], said: readonly Segment[]): Segment[] | null {
  const [one] = who;
  if (who.length !== 1 || one!.id !== base.id || !sameSaid(base, one!) || said.length === 0) return null;
  if (!said.every((part) => sameWho(base, part) || sameWho(one!, part))) return null;
  const { speaker, second_speaker, confidence } = one!;
  return said.map((part) => ({ ...part, speaker, second_speaker, confidence }));
}

function chosen({ mine, theirs }: SegmentConflict, choice: Choice): readonly Segment[] {
  if (choice === "mine") return mine;
  if (choice === "theirs") return theirs;
  return byStart([...theirs, ...mine.filter((one) => !theirs.some((other) => sameSegment(one, other)))]);
}

function byStart(segments: readonly Segment[]): Segment[] {
  return segments.toSorted((a, b) => a.start - b.start);
}

function withUniqueIds(segments: readonly Segment[]): Segment[] {
  const all = new Set(segments.map((one) => one.id));
  if (all.size === segments.length) return [...segments];
  const seen = new Set<string>();
  return segments.map((one) => {
    const id = seen.has(one.id) ? freshId(all, one.id) : one.id;
    seen.add(id);
    all.add(id);
    return id === one.id ? one : { ...one, id };
  });
}

/** Each segment starts no earlier than the one before: both sides may have moved a boundary. */
function inOrder(segments: readonly Segment[]): Segment[] {
  let earliest = 0;
  return segments.map((one) => {
    earliest = Math.max(earliest, one.start);
    return one.start === earliest ? one : { ...one, start: earliest, end: Math.max(earliest, one.end) };
  });
}

/** Whether the speakers and the segments are equal. */
export function sameDocument(one: Doc, other: Doc): boolean {
  return (
    sameSegments(one.segments, other.segments) &&
    one.speakers.length === other.speakers.length &&
    one.speakers.every(
      ({ id, name }, at) => id === other.speakers[at]!.id && (name ?? null) === (other.speakers[at]!.name ?? null),
    )
  );
}
