"""The small recogniser for machines that reach only a package index: vosk-model-small-cn. Pauses end its sentences."""

import ctypes
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import vosk

from backend.checksums import sha256
from backend.engines.chunking import AudioChunk, merge_overlaps, split_speech
from backend.engines.protocols import EngineContext, EngineError, ProgressCallback, TranscribeOptions
from backend.engines.punctuation import punctuate_by_pauses, sentences
from backend.engines.registry import fetch_command
from backend.engines.timestamps import in_order, spread
from backend.engines.transcription_checkpoint import TranscriptionCheckpoint, fingerprint, model_fingerprint
from backend.engines.vad import Vad
from backend.engines.wav_reader import RATE, WavReader
from backend.speech.text import join
from backend.speech.types import Sentence, Word

_MODELS = ("vosk-model-small-cn", "fsmn-vad")
_BLOCK = 60.0  #: seconds of neighbouring chunks that share one recogniser and one entry of the checkpoint
_PADDING = 0.3  #: seconds around a chunk; with less or more, the first and last words are recognised worse
_SAMPLES = RATE // 4  #: samples given at once; the recogniser looks for ends of utterances between them
_UNKNOWN = frozenset({"[unk]", "<unk>", "<UNK>", "[noise]", "<eps>"})


class Vosk:
    """A Transcriber, built in the child process with its models loaded. It has no hotwords and ignores those given."""

    def __init__(self, context: EngineContext) -> None:
        folder = context.models / "vosk-model-small-cn"
        if not (folder / "am" / "final.mdl").is_file():
            raise EngineError(
                "model_missing", f"{folder.name} is not installed. Fetch it with: {fetch_command('tiny')}"
            )
        vosk.SetLogLevel(-1)
        self._context = context
        self._vad = Vad(context.models / "fsmn-vad", context.threads)
        self._model = vosk.Model(model_path=str(folder.resolve()))

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: ProgressCallback) -> list[Sentence]:
        """Sentences in order of time, with 。 and ， at pauses.

        Each block of chunks has a recogniser of its own without any earlier state, so that the result is the same
        whether earlier blocks were recognised now or before a restart.
        """
        with WavReader(audio) as reader:
            chunks = split_speech(self._vad.detect(reader), reader.duration, reader.find_quietest, padding=_PADDING)
            weights = [model_fingerprint(self._context.models / name) for name in _MODELS]
            checkpoint = TranscriptionCheckpoint(
                options.checkpoint_file, fingerprint("vosk", version("vosk"), weights, sha256(audio), chunks)
            )
            recognised = checkpoint.finished_sentences()
            blocks = list(_blocks(chunks))
            for index, block in enumerate(blocks):
                if index not in recognised:
                    words = tuple(self._recognise(reader, block, progress))
                    sentence = Sentence(block[0].first, block[-1].last, join(words), words)
                    recognised[index] = checkpoint.save(index, sentence)
                    options.yield_turn()
                progress(min(block[-1].last, reader.duration), reader.duration)
        merged = merge_overlaps([(_span(block), recognised[index].words) for index, block in enumerate(blocks)])
        run = in_order([word for own in merged for word in own])
        return sentences(run, punctuate_by_pauses(run))

    def _recognise(self, reader: WavReader, block: Sequence[AudioChunk], progress: ProgressCallback) -> list[Word]:
        # A new recogniser needs half a second before its first word, so chunks of a block share one. FinalResult resets
        # it, except for its clock, which goes on.
        _seed_noise()
        recogniser = vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetWords(True)
        recognised: list[tuple[AudioChunk, list[Word]]] = []
        samples_before = 0
        for chunk in block:
            samples = reader.read(chunk.start, chunk.end)
            parts = (samples[first : first + _SAMPLES].tobytes() for first in range(0, len(samples), _SAMPLES))
            results = [recogniser.Result() for part in parts if recogniser.AcceptWaveform(part)]
            results.append(recogniser.FinalResult())
            recognised.append((chunk, _words(results, chunk.start - samples_before / RATE)))
            samples_before += len(samples)
            progress(chunk.last, reader.duration)
        return [word for own in merge_overlaps(recognised) for word in own]


def _seed_noise() -> None:
    """Kaldi adds a little noise from C's rand to the samples. Without a fixed seed, times would shift by hundredths of
    a second with the number of blocks that were recognised before."""
    ctypes.CDLL(None).srand(1)


def _words(results: Sequence[str], offset: float) -> list[Word]:
    return [
        word
        for result in results
        for entry in json.loads(result).get("result", [])
        if entry["word"] not in _UNKNOWN
        for word in spread(entry["word"], max(0.0, offset + entry["start"]), max(0.0, offset + entry["end"]))
    ]


def _blocks(chunks: Sequence[AudioChunk]) -> Iterator[list[AudioChunk]]:
    block: list[AudioChunk] = []
    for chunk in chunks:
        if block and chunk.end - block[0].start > _BLOCK:
            yield block
            block = []
        block.append(chunk)
    if block:
        yield block


def _span(block: Sequence[AudioChunk]) -> AudioChunk:
    return AudioChunk(block[0].start, block[-1].end, block[0].first, block[-1].last)
