"""The recogniser for where only a package index is reached: vosk-model-small-cn, with sentences made from pauses."""

import ctypes
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import vosk

from backend.checksums import sha256
from backend.engines.cuts import Cut, cut, stitch
from backend.engines.finished import Finished, fingerprint, mark_of_model
from backend.engines.ports import EngineError, Home, Listening, Progress
from backend.engines.punctuation import marks_by_pauses, sentences
from backend.engines.sound import RATE, Sound
from backend.engines.table import mending
from backend.engines.times import in_order, spread
from backend.engines.vad import Vad
from backend.speech.text import join
from backend.speech.types import Sentence, Word

_MODELS = ("vosk-model-small-cn", "fsmn-vad")
_BLOCK = 60.0  #: seconds of neighbouring pieces that are heard by one recogniser and kept together
_PADDING = 0.3  #: seconds around a piece; with less, or more, the recogniser hears first and last words worse
_CHUNK = RATE // 4  #: samples given at once; the recogniser looks for ends of utterances between them
_UNKNOWN = frozenset({"[unk]", "<unk>", "<UNK>", "[noise]", "<eps>"})


class Vosk:
    """Built inside a child, with everything loaded. The model has no hotwords: those of a request change nothing."""

    def __init__(self, home: Home) -> None:
        folder = home.models / "vosk-model-small-cn"
        if not (folder / "am" / "final.mdl").is_file():
            raise EngineError("model_missing", f"{folder.name} is not installed. Fetch it with: {mending('small')}")
        vosk.SetLogLevel(-1)
        self._home = home
        self._vad = Vad(home.models / "fsmn-vad", home.threads)
        self._model = vosk.Model(model_path=str(folder.resolve()))

    def transcribe(self, audio: Path, options: Listening, progress: Progress) -> list[Sentence]:
        """Sentences in order of time, with 。 and ， where there are pauses.

        Each block of pieces has a recogniser of its own, which has heard nothing before: so it hears the same words
        whether the blocks before it were heard now or before a restart.
        """
        with Sound(audio) as sound:
            cuts = cut(self._vad.speech(sound), sound.duration, sound.quietest, padding=_PADDING)
            weights = [mark_of_model(self._home.models / name) for name in _MODELS]
            finished = Finished(options.finished, fingerprint("vosk", version("vosk"), weights, sha256(audio), cuts))
            heard = finished.kept()
            blocks = list(_blocks(cuts))
            for index, block in enumerate(blocks):
                if index not in heard:
                    words = tuple(self._hear(sound, block, progress))
                    heard[index] = finished.keep(index, Sentence(block[0].first, block[-1].last, join(words), words))
                progress(min(block[-1].last, sound.duration), sound.duration)
        stitched = stitch([(_whole(block), heard[index].words) for index, block in enumerate(blocks)])
        run = in_order([word for own in stitched for word in own])
        return sentences(run, marks_by_pauses(run))

    def _hear(self, sound: Sound, block: Sequence[Cut], progress: Progress) -> list[Word]:
        # A new one takes half a second of work before its first word, so not every piece has one of its own.
        # FinalResult makes it forget what it heard, but not how many seconds: those it counts on.
        _same_noise()
        recogniser = vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetWords(True)
        heard: list[tuple[Cut, list[Word]]] = []
        before = 0
        for this in block:
            samples = sound.read(this.start, this.end)
            chunks = (samples[first : first + _CHUNK].tobytes() for first in range(0, len(samples), _CHUNK))
            results = [recogniser.Result() for chunk in chunks if recogniser.AcceptWaveform(chunk)]
            results.append(recogniser.FinalResult())
            heard.append((this, _words(results, this.start - before / RATE)))
            before += len(samples)
            progress(this.last, sound.duration)
        return [word for own in stitch(heard) for word in own]


def _same_noise() -> None:
    """Kaldi adds a little noise to the samples, drawn from C's rand: without this, times would move by a hundredth
    with the number of blocks that were heard before."""
    ctypes.CDLL(None).srand(1)


def _words(results: Sequence[str], offset: float) -> list[Word]:
    return [
        word
        for result in results
        for heard in json.loads(result).get("result", [])
        if heard["word"] not in _UNKNOWN
        for word in spread(heard["word"], max(0.0, offset + heard["start"]), max(0.0, offset + heard["end"]))
    ]


def _blocks(cuts: Sequence[Cut]) -> Iterator[list[Cut]]:
    block: list[Cut] = []
    for this in cuts:
        if block and this.end - block[0].start > _BLOCK:
            yield block
            block = []
        block.append(this)
    if block:
        yield block


def _whole(block: Sequence[Cut]) -> Cut:
    return Cut(block[0].start, block[-1].end, block[0].first, block[-1].last)
