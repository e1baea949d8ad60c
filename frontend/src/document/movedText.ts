// Finds the words a repair moves to another speaker. A repair changes no character.

/** One segment of a suggested repair. */
export interface SpokenText {
  readonly speaker?: string | null;
  readonly text: string;
}

/** A run of text. Omitted text is an ellipsis that is not moved. */
export interface TextRun {
  readonly text: string;
  readonly moved: boolean;
}

/** Shorter runs are not replaced by an ellipsis. */
const MIN_ELLIPSIS = 6;

/**
 * Splits the texts before and after into runs that keep their speaker and runs that move to another one. Of
 * long texts only `around` characters on each side of a boundary are shown.
 */
export function markMoved(
  before: readonly SpokenText[],
  after: readonly SpokenText[],
  around = Infinity,
): { before: TextRun[][]; after: TextRun[][] } {
  const was = speakersOf(before);
  const is = speakersOf(after);
  const moves = (place: number) => place < was.length && place < is.length && was[place] !== is[place];
  const edges = new Set([...boundariesOf(before), ...boundariesOf(after)]);
  for (let place = 1; place < was.length; place += 1) if (moves(place) !== moves(place - 1)) edges.add(place);
  // Without a boundary (a whole segment changes its speaker) its beginning and end are shown.
  if (edges.size === 0) edges.add(0).add(was.length);
  const near = (place: number) => [...edges].some((edge) => place >= edge - around && place < edge + around);
  return { before: splitRuns(before, moves, near), after: splitRuns(after, moves, near) };
}

/** The speaker of each visible character. White space may change where segments meet. */
function speakersOf(segments: readonly SpokenText[]): (string | null)[] {
  return segments.flatMap(({ speaker, text }) => [...text].filter(isVisible).map(() => speaker ?? null));
}

/** The positions at which segments end, except the last. */
function boundariesOf(segments: readonly SpokenText[]): number[] {
  let place = 0;
  return segments.slice(0, -1).map(({ text }) => (place += [...text].filter(isVisible).length));
}

function splitRuns(
  segments: readonly SpokenText[],
  moves: (place: number) => boolean,
  near: (place: number) => boolean,
): TextRun[][] {
  let place = 0;
  return segments.map(({ text }) => {
    const found: { text: string; moved: boolean; near: boolean }[] = [];
    for (const character of text) {
      const last = found.at(-1);
      const now = isVisible(character)
        ? { moved: moves(place), near: near(place++) }
        : { moved: last?.moved ?? false, near: last?.near ?? true };
      if (last?.moved === now.moved && last.near === now.near) last.text += character;
      else found.push({ text: character, ...now });
    }
    return joinRuns(
      found.map((one) => (one.near || one.text.length < MIN_ELLIPSIS ? one : { text: "…", moved: false })),
    );
  });
}

function joinRuns(stretches: readonly TextRun[]): TextRun[] {
  const found: { text: string; moved: boolean }[] = [];
  for (const { text, moved } of stretches) {
    const last = found.at(-1);
    if (last?.moved === moved) last.text += text;
    else found.push({ text, moved });
  }
  return found;
}

function isVisible(character: string): boolean {
  return character.trim() !== "";
}
