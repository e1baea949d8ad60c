// What a repair moves: the words that belong to somebody else afterwards. No character is changed by it.

/** One segment of a proposal. */
export interface Said {
  readonly speaker?: string | null;
  readonly text: string;
}

export interface Stretch {
  readonly text: string;
  readonly moved: boolean;
}

/** The texts before and after, each taken apart into what stays with its speaker and what goes over to another one. */
export function moved(before: readonly Said[], after: readonly Said[]): { before: Stretch[][]; after: Stretch[][] } {
  const was = speakersOf(before);
  const is = speakersOf(after);
  const goes = (place: number) => place < was.length && place < is.length && was[place] !== is[place];
  return { before: taken(before, goes), after: taken(after, goes) };
}

/** Who says each character that can be seen; white space may come and go where segments meet. */
function speakersOf(segments: readonly Said[]): (string | null)[] {
  return segments.flatMap(({ speaker, text }) => [...text].filter(seen).map(() => speaker ?? null));
}

function taken(segments: readonly Said[], goes: (place: number) => boolean): Stretch[][] {
  let place = 0;
  return segments.map(({ text }) => {
    const found: { text: string; moved: boolean }[] = [];
    for (const character of text) {
      const last = found.at(-1);
      const now = seen(character) ? goes(place++) : (last?.moved ?? false);
      if (last?.moved === now) last.text += character;
      else found.push({ text: character, moved: now });
    }
    return found;
  });
}

function seen(character: string): boolean {
  return character.trim() !== "";
}
