// What a repair moves: the words that belong to somebody else afterwards. No character is changed by it.

/** One segment of a proposal. */
export interface Said {
  readonly speaker?: string | null;
  readonly text: string;
}

/** Where text was left out, `text` is an ellipsis and nothing moves. */
export interface Stretch {
  readonly text: string;
  readonly moved: boolean;
}

/** Fewer characters than this are not worth leaving out. */
const FEW = 6;

/**
 * The texts before and after, each taken apart into what stays with its speaker and what goes over to another one. Of
 * long texts only what stands `around` a place where something is cut or joined is shown.
 */
export function moved(before: readonly Said[], after: readonly Said[], around = Infinity): { before: Stretch[][]; after: Stretch[][] } {
  const was = speakersOf(before);
  const is = speakersOf(after);
  const goes = (place: number) => place < was.length && place < is.length && was[place] !== is[place];
  const edges = new Set([...endsOf(before), ...endsOf(after)]);
  for (let place = 1; place < was.length; place += 1) if (goes(place) !== goes(place - 1)) edges.add(place);
  // Where nothing is cut, as where a whole segment is given away, its beginning and its end tell which it is.
  if (edges.size === 0) edges.add(0).add(was.length);
  const near = (place: number) => [...edges].some((edge) => place >= edge - around && place < edge + around);
  return { before: taken(before, goes, near), after: taken(after, goes, near) };
}

/** Who says each character that can be seen; white space may come and go where segments meet. */
function speakersOf(segments: readonly Said[]): (string | null)[] {
  return segments.flatMap(({ speaker, text }) => [...text].filter(seen).map(() => speaker ?? null));
}

/** The places at which all segments but the last one end. */
function endsOf(segments: readonly Said[]): number[] {
  let place = 0;
  return segments.slice(0, -1).map(({ text }) => (place += [...text].filter(seen).length));
}

function taken(segments: readonly Said[], goes: (place: number) => boolean, near: (place: number) => boolean): Stretch[][] {
  let place = 0;
  return segments.map(({ text }) => {
    const found: { text: string; moved: boolean; near: boolean }[] = [];
    for (const character of text) {
      const last = found.at(-1);
      const now = seen(character) ? { moved: goes(place), near: near(place++) } : { moved: last?.moved ?? false, near: last?.near ?? true };
      if (last?.moved === now.moved && last.near === now.near) last.text += character;
      else found.push({ text: character, ...now });
    }
    return joined(found.map((one) => (one.near || one.text.length < FEW ? one : { text: "…", moved: false })));
  });
}

function joined(stretches: readonly Stretch[]): Stretch[] {
  const found: { text: string; moved: boolean }[] = [];
  for (const { text, moved } of stretches) {
    const last = found.at(-1);
    if (last?.moved === moved) last.text += text;
    else found.push({ text, moved });
  }
  return found;
}

function seen(character: string): boolean {
  return character.trim() !== "";
}
