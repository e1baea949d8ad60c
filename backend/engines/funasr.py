"""The default recogniser: SeACo Paraformer hears the pieces of our own cut list, CT-Transformer punctuates."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from backend.checksums import sha256
from backend.engines.automodel import load, quietly
from backend.engines.cuts import Cut, cut, stitch
from backend.engines.finished import Finished, fingerprint, mark_of_model
from backend.engines.onnx_parts import replace_parts
from backend.engines.ports import EngineError, Home, Listening, Progress
from backend.engines.precision import narrow, narrow_products
from backend.engines.punctuation import marks_by_model, sentences
from backend.engines.sound import Sound, as_floats
from backend.engines.times import in_order, timed_words
from backend.engines.vad import Vad
from backend.speech.text import join
from backend.speech.types import Sentence, Word

#: What a model raises over one piece. Anything else, such as a full disk, is not about the piece.
_FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

#: A RuntimeError that says so comes from the machine: the next piece would fail as well.
_NOT_THE_PIECE = ("can't allocate memory", "CUDA error")

_MODELS = ("seaco-paraformer", "fsmn-vad", "ct-punc")
_INT8 = "seaco-paraformer-int8"

#: A word of a hotword, as the model takes it.
_WORD = re.compile(r"[A-Za-z]+|[0-9\u3400-\u4dbf\u4e00-\u9fff]+")

#: The parts of the recogniser that do nearly all the work.
_NARROWED = ("encoder", "decoder", "seaco_decoder", "hotword_output_layer")


class FunAsr:
    """Built inside a child, with everything loaded. One `transcribe` at a time: the models keep state."""

    def __init__(self, home: Home, int8: bool = False) -> None:
        self._device = "cuda" if torch.cuda.is_available() and not int8 else "cpu"
        self._home = home
        self._int8 = int8
        self._vad = Vad(home.models / "fsmn-vad", home.threads)
        self._recogniser = load(home.models / "seaco-paraformer", home.threads, self._device)
        self._narrow = not int8 and narrow(home.thrift.recogniser, self._device)
        if int8:
            replace_parts(self._recogniser.model, home.models / _INT8, home.threads)
        if self._narrow:
            # not the predictor, which counts the characters and times them: it sums over a whole piece, where roundings
            # add up to a character more or less
            for part in _NARROWED:
                narrow_products(getattr(self._recogniser.model, part))
        self._punctuation = load(home.models / "ct-punc", home.threads, self._device)

    def transcribe(self, audio: Path, options: Listening, progress: Progress) -> list[Sentence]:
        """Sentences in order of time. A piece that cannot be recognised is a Sentence with the error `asr_error`."""
        hotwords = hotword_line(options.hotwords)
        with Sound(audio) as sound:
            cuts = cut(self._vad.speech(sound), sound.duration, sound.quietest)
            mark = fingerprint(
                "funasr", self._weights(), sha256(audio), hotwords, cuts, self._device, self._narrow, self._int8
            )
            finished = Finished(options.finished, mark)
            heard = self._hear_all(sound, cuts, hotwords, finished, progress)
        return self._with_punctuation(cuts, heard)

    def _weights(self) -> list[str]:
        return [mark_of_model(self._home.models / name) for name in (*_MODELS, *[_INT8] * self._int8)]

    def _hear_all(
        self, sound: Sound, cuts: Sequence[Cut], hotwords: str | None, finished: Finished, progress: Progress
    ) -> list[Sentence]:
        kept = finished.kept()
        heard = {index: kept[index] for index in range(len(cuts)) if index in kept}
        failures: list[str] = []
        # the share of a piece reaches back to the end of the one before: silence is done with what follows it
        shares = [this.last - (cuts[index - 1].last if index else 0.0) for index, this in enumerate(cuts)]
        done = 0.0
        for batch in batches([this.end - this.start for this in cuts], on_gpu=self._device == "cuda"):
            # a batch is heard whole even if some of it is kept: its composition may touch the last decimals
            if any(index not in heard for index in batch):
                pieces = [as_floats(sound.read(cuts[index].start, cuts[index].end)) for index in batch]
                for index, result in zip(batch, self._hear(pieces, hotwords), strict=True):
                    if index in heard:
                        continue
                    if isinstance(result, str):
                        failures.append(result)
                        heard[index] = Sentence(cuts[index].first, cuts[index].last, "", error="asr_error")
                    else:
                        heard[index] = finished.keep(index, _sentence(cuts[index], result))
            done += sum(shares[index] for index in batch)
            progress(min(done, sound.duration), sound.duration)
        if cuts and len(failures) == len(cuts):
            raise EngineError("engine_failed", f"No piece of the recording could be recognised: {failures[0]}")
        return [heard[index] for index in range(len(cuts))]

    def _hear(self, pieces: Sequence[Any], hotwords: str | None) -> list[dict[str, Any] | str]:
        """One result for every piece: what the model says, or, as a string, why it could not.

        The model answers a batch in order but leaves results out, so a batch with another number of them, or one that
        fails, is heard again piece by piece; one that does not fit the GPU is halved.
        """
        results: list[Any] = []
        full = False
        try:
            with quietly():
                results = self._recogniser.generate(input=list(pieces), hotword=hotwords, batch_size=len(pieces))
        except torch.cuda.OutOfMemoryError:
            full = True  # answered below: until this block is left, the error holds on to all the failed call has made
        except _FAILURES as error:
            if _of_the_machine(error):
                raise
            if len(pieces) == 1:
                return [f"{type(error).__name__}: {error}"]
        if full:
            return self._hear_halves(pieces, hotwords)
        if len(pieces) == 1 and not results:
            return [{"text": ""}]  # too short to hold a single character
        if len(results) == len(pieces):
            return list(results)
        if len(pieces) == 1:
            return [f"{len(results)} results for one piece"]
        return [result for piece in pieces for result in self._hear([piece], hotwords)]

    def _hear_halves(self, pieces: Sequence[Any], hotwords: str | None) -> list[dict[str, Any] | str]:
        torch.cuda.empty_cache()
        if len(pieces) == 1:
            raise EngineError("out_of_memory", "The GPU has no room for half a minute of audio.", retry=True)
        half = len(pieces) // 2
        return self._hear(pieces[:half], hotwords) + self._hear(pieces[half:], hotwords)

    def _with_punctuation(self, cuts: Sequence[Cut], heard: Sequence[Sentence]) -> list[Sentence]:
        words = stitch([(this, sentence.words) for this, sentence in zip(cuts, heard, strict=True)])
        made: list[Sentence] = []
        pieces = zip(heard, words, strict=True)
        for failed, group in groupby(pieces, key=lambda piece: piece[0].error is not None):
            if failed:
                made += [sentence for sentence, _ in group]
            else:
                run = in_order([word for _, own in group for word in own])
                made += sentences(run, marks_by_model(run, self._punctuate))
        return made

    def _punctuate(self, text: str) -> str:
        try:
            with quietly():
                # in a list and with a space around it, since a text that is the name of a file would be opened
                results = self._punctuation.generate(input=[f" {text} "])
        except _FAILURES as error:
            if _of_the_machine(error):
                raise
            return ""
        return str(results[0].get("text") or "") if len(results) == 1 else ""


def in_int8(home: Home) -> FunAsr:
    """By ONNX Runtime, on a processor: half a gigabyte less than in float32, and three times as fast."""
    return FunAsr(home, int8=True)


def hotword_line(hotwords: Sequence[str]) -> str | None:
    """What the model takes for hotwords: one line, separated by spaces; Latin and Chinese parts are words of their own.
    None where there are none: then the network does not look for any, which in int8 is an eighth of its work.

    FunASR downloads a hotword that begins with http and opens one that names a file. Letters, digits and Chinese
    characters are all that is left here, and the line begins and ends with a space, so it can never be either.
    """
    words = [word for hotword in hotwords for word in _WORD.findall(hotword)]
    return f" {' '.join(dict.fromkeys(words))} " if words else None


def batches(lengths: Sequence[float], on_gpu: bool) -> Iterator[list[int]]:
    """Indices of pieces to hear together: alike in length, but never far apart in time.

    On a CPU four at once are as good as more; a GPU takes five minutes of audio, padding included.
    """
    window, most, seconds = (256, 64, 300.0) if on_gpu else (16, 4, 60.0)
    for first in range(0, len(lengths), window):
        batch: list[int] = []
        for index in sorted(range(first, min(first + window, len(lengths))), key=lambda at: (lengths[at], at)):
            if batch and (len(batch) == most or lengths[index] * (len(batch) + 1) > seconds):
                yield batch
                batch = []
            batch.append(index)
        yield batch


def _of_the_machine(error: Exception) -> bool:
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(sign in str(error) for sign in _NOT_THE_PIECE)


def _sentence(this: Cut, result: dict[str, Any]) -> Sentence:
    """What one piece says: all of it, also what lies in its neighbour's part, for `stitch` to decide."""
    words = timed_words(str(result.get("text") or ""), result.get("timestamp"), this.end - this.start)
    placed = tuple(Word(word.text, this.start + word.start, this.start + word.end) for word in words)
    return Sentence(this.first, this.last, join(placed), placed)
