// The document as the server sends it: an immutable value.

export type Word = readonly [text: string, start: number, end: number];

export interface Speaker {
  readonly id: string;
  readonly name?: string | null;
}

export interface Segment {
  readonly id: string;
  readonly speaker?: string | null;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly words: readonly Word[];
  readonly overlap: boolean;
  readonly second_speaker?: string | null;
  readonly confidence?: number | null;
  readonly source: "auto" | "edited";
  readonly error?: string | null;
  /** The recognizer may have misheard the text. */
  readonly unsure?: boolean;
}

export interface Doc {
  readonly duration: number;
  readonly language: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly speakers: readonly Speaker[];
  readonly segments: readonly Segment[];
}
