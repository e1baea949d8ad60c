"""Windows of at most 28 s: neighbouring chunks of speech decoded together, as Whisper always computes half a minute."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.engines.chunking import AudioChunk
from backend.engines.wav_reader import RATE, WavReader, as_floats
from backend.speech.types import Word

LONGEST = 28.0  #: seconds of audio in a window; Whisper takes 30
_PAUSE = 0.5  #: seconds of the real pause that are kept between two pieces
_FAR = 60.0  #: pieces further apart do not share a window


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces of the recording and where each begins in the window (seconds)."""

    pieces: tuple[AudioChunk, ...]
    offsets: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return self.offsets[-1] + self.pieces[-1].end - self.pieces[-1].start

    def samples(self, audio: WavReader) -> npt.NDArray[np.float32]:
        """The pieces one behind the other, with the first part of each pause as it was recorded."""
        parts: list[npt.NDArray[np.float32]] = []
        for index, piece in enumerate(self.pieces):
            end = piece.end
            if index + 1 < len(self.pieces):
                end += self.offsets[index + 1] - self.offsets[index] - (piece.end - piece.start)
            part = as_floats(audio.read(piece.start, end))
            parts.append(np.pad(part, (0, max(0, round((end - piece.start) * RATE) - len(part)))))
        return np.concatenate(parts)

    def place(self, words: Iterable[Word]) -> list[list[tuple[int, Word]]]:
        """For each piece its words with their indices, at their times in the recording and inside the piece.

        The alignment gives a pause to the word behind it, so a word whose middle lies in a pause belongs to the next
        piece.
        """
        placed: list[list[tuple[int, Word]]] = [[] for _ in self.pieces]
        ends = [offset + piece.end - piece.start for offset, piece in zip(self.offsets, self.pieces, strict=True)]
        for number, word in enumerate(words):
            index = min(bisect_right(ends, (word.start + word.end) / 2), len(ends) - 1)
            piece = self.pieces[index]
            shift = piece.start - self.offsets[index]
            start = min(max(word.start + shift, piece.start), piece.end)
            placed[index].append((number, Word(word.text, start, min(max(word.end + shift, start), piece.end))))
        return placed

    def split(self) -> "list[Window]":
        """Two windows of half the pieces each; one piece alone is not split."""
        middle = len(self.pieces) // 2
        return [_window(part) for part in (self.pieces[:middle], self.pieces[middle:]) if part]


def pack(pieces: Sequence[AudioChunk]) -> list[Window]:
    """Every piece in exactly one window, in order. A window depends on the pieces alone, so resuming repeats it."""
    windows: list[Window] = []
    run: list[AudioChunk] = []
    for piece in pieces:
        if run and (
            _window([*run, piece]).seconds > LONGEST or piece.start - run[-1].end > _FAR or piece.start < run[-1].end
        ):
            windows.append(_window(run))
            run = []
        run.append(piece)
    return [*windows, _window(run)] if run else windows


def _window(pieces: Sequence[AudioChunk]) -> Window:
    offsets: list[float] = []
    position = 0.0
    for index, piece in enumerate(pieces):
        offsets.append(position)
        position += piece.end - piece.start
        if index + 1 < len(pieces):
            position += min(_PAUSE, max(0.0, pieces[index + 1].start - piece.end))
    return Window(tuple(pieces), tuple(offsets))
