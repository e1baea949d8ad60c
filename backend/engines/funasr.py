"""The default recogniser: SeACo Paraformer recognises chunks of speech, and CT-Transformer punctuates."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from backend.checksums import sha256
from backend.engines.automodel import load, without_logging
from backend.engines.chunking import AudioChunk, merge_overlaps, split_speech
from backend.engines.hotwords import parts
from backend.engines.onnx_parts import replace_parts
from backend.engines.paraformer_tokens import raw_tokens
from backend.engines.precision import multiply_in_bfloat16, use_bfloat16
from backend.engines.protocols import EngineContext, EngineError, ProgressCallback, TranscribeOptions
from backend.engines.punctuation import punctuate_by_model, sentences
from backend.engines.timestamps import in_order, timed_words
from backend.engines.transcription_checkpoint import TranscriptionCheckpoint, fingerprint, model_fingerprint
from backend.engines.vad import Vad
from backend.engines.wav_reader import WavReader, as_floats
from backend.speech.text import join
from backend.speech.types import Sentence, Word

#: The errors of a model about one chunk. Others, such as a full disk, do not come from the chunk.
_CHUNK_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

#: A RuntimeError with one of these comes from the machine: the next chunk would fail too.
_MACHINE_ERRORS = ("can't allocate memory", "CUDA error")

_MODELS = ("seaco-paraformer", "fsmn-vad", "ct-punc")
_INT8 = "seaco-paraformer-int8"

#: The parts of the recogniser that do nearly all the work.
_BFLOAT16_PARTS = ("encoder", "decoder", "seaco_decoder", "hotword_output_layer")


class FunAsr:
    """A Transcriber, built in the child process with its models loaded. One `transcribe` at a time: they keep state."""

    def __init__(self, context: EngineContext, int8: bool = False) -> None:
        self._device = "cuda" if torch.cuda.is_available() and not int8 else "cpu"
        self._context = context
        self._int8 = int8
        self._vad = Vad(context.models / "fsmn-vad", context.threads)
        self._recogniser = load(context.models / "seaco-paraformer", context.threads, self._device)
        self._bfloat16 = not int8 and use_bfloat16(context.approximation.recogniser, self._device)
        if int8:
            replace_parts(self._recogniser.model, context.models / _INT8, context.threads)
        if self._bfloat16:
            # not the predictor, which counts the characters and finds their times: it sums over a whole chunk, so
            # rounding errors could add up to one character more or less
            for part in _BFLOAT16_PARTS:
                multiply_in_bfloat16(getattr(self._recogniser.model, part))
        self._punctuation = load(context.models / "ct-punc", context.threads, self._device)

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: ProgressCallback) -> list[Sentence]:
        """Sentences in order of time. A chunk that cannot be recognised is a Sentence with the error `asr_error`."""
        hotwords = hotword_line(options.hotwords)
        with WavReader(audio) as reader:
            chunks = split_speech(self._vad.detect(reader), reader.duration, reader.find_quietest)
            # the order and the kinds of these values must not change: they identify the checkpoints of running jobs
            checkpoint_fingerprint = fingerprint(
                "funasr-2", self._weights(), sha256(audio), hotwords, chunks, self._device, self._bfloat16, self._int8
            )
            checkpoint = TranscriptionCheckpoint(options.checkpoint_file, checkpoint_fingerprint)
            recognised = self._recognise_all(reader, chunks, hotwords, checkpoint, progress, options.yield_turn)
        return self._punctuated(chunks, recognised)

    def _weights(self) -> list[str]:
        return [model_fingerprint(self._context.models / name) for name in (*_MODELS, *[_INT8] * self._int8)]

    def _recognise_all(
        self,
        reader: WavReader,
        chunks: Sequence[AudioChunk],
        hotwords: str | None,
        checkpoint: TranscriptionCheckpoint,
        progress: ProgressCallback,
        yield_turn: Callable[[], None],
    ) -> list[Sentence]:
        finished = checkpoint.finished_sentences()
        recognised = {index: finished[index] for index in range(len(chunks)) if index in finished}
        failures: list[str] = []
        # the progress of a chunk includes the silence before it
        shares = [chunk.last - (chunks[index - 1].last if index else 0.0) for index, chunk in enumerate(chunks)]
        done = 0.0
        for batch in batches([chunk.end - chunk.start for chunk in chunks], on_gpu=self._device == "cuda"):
            # a batch is recognised as a whole even if some of it is finished: its composition may change last decimals
            if any(index not in recognised for index in batch):
                audio = [as_floats(reader.read(chunks[index].start, chunks[index].end)) for index in batch]
                for index, result in zip(batch, self._recognise(audio, hotwords), strict=True):
                    if index in recognised:
                        continue
                    if isinstance(result, str):
                        failures.append(result)
                        recognised[index] = Sentence(chunks[index].first, chunks[index].last, "", error="asr_error")
                    else:
                        recognised[index] = checkpoint.save(index, _sentence(chunks[index], result))
                yield_turn()
            done += sum(shares[index] for index in batch)
            progress(min(done, reader.duration), reader.duration)
        if chunks and len(failures) == len(chunks):
            raise EngineError("engine_failed", f"No part of the recording could be recognised: {failures[0]}")
        return [recognised[index] for index in range(len(chunks))]

    def _recognise(self, audio: Sequence[Any], hotwords: str | None) -> list[dict[str, Any] | str]:
        """One result for every chunk: the model's result, or its error message as a string.

        The model returns the results of a batch in order, but may leave some out. A batch with another number of
        results, or one that fails, is recognised again chunk by chunk; one that does not fit the GPU is halved.
        """
        results: list[Any] = []
        out_of_memory = False
        try:
            with without_logging(), raw_tokens():
                results = self._recogniser.generate(input=list(audio), hotword=hotwords, batch_size=len(audio))
        except torch.cuda.OutOfMemoryError:
            out_of_memory = True  # handled below: inside this block the exception keeps the tensors of the failed call
        except _CHUNK_ERRORS as error:
            if _is_machine_error(error):
                raise
            if len(audio) == 1:
                return [f"{type(error).__name__}: {error}"]
        if out_of_memory:
            return self._recognise_halves(audio, hotwords)
        if len(audio) == 1 and not results:
            return [{"text": ""}]  # too short for a single character
        if len(results) == len(audio):
            return list(results)
        if len(audio) == 1:
            return [f"{len(results)} results for one chunk"]
        return [result for chunk in audio for result in self._recognise([chunk], hotwords)]

    def _recognise_halves(self, audio: Sequence[Any], hotwords: str | None) -> list[dict[str, Any] | str]:
        torch.cuda.empty_cache()
        if len(audio) == 1:
            raise EngineError("out_of_memory", "The GPU has no room for half a minute of audio.", retry=True)
        half = len(audio) // 2
        return self._recognise(audio[:half], hotwords) + self._recognise(audio[half:], hotwords)

    def _punctuated(self, chunks: Sequence[AudioChunk], recognised: Sequence[Sentence]) -> list[Sentence]:
        words = merge_overlaps([(chunk, each.words) for chunk, each in zip(chunks, recognised, strict=True)])
        punctuated: list[Sentence] = []
        pairs = zip(recognised, words, strict=True)
        for failed, group in groupby(pairs, key=lambda pair: pair[0].error is not None):
            if failed:
                punctuated += [sentence for sentence, _ in group]
            else:
                run = in_order([word for _, own in group for word in own])
                punctuated += sentences(run, punctuate_by_model(run, self._punctuate))
        return punctuated

    def _punctuate(self, text: str) -> str:
        try:
            with without_logging():
                # in a list and with spaces around it, because FunASR would open a text that is a file name
                results = self._punctuation.generate(input=[f" {text} "])
        except _CHUNK_ERRORS as error:
            if _is_machine_error(error):
                raise
            return ""
        return str(results[0].get("text") or "") if len(results) == 1 else ""


def funasr_int8(context: EngineContext) -> FunAsr:
    """FunAsr in int8 with ONNX Runtime on a CPU: half a gigabyte less than float32, and three times as fast."""
    return FunAsr(context, int8=True)


def hotword_line(hotwords: Sequence[str]) -> str | None:
    """The hotwords as the model expects them: one line, separated by spaces, with Latin and Chinese parts as separate
    words. None if there are none: the network then skips hotwords, in int8 an eighth of its work.

    FunASR downloads a hotword that begins with http and opens one that names a file. Only letters, digits and Chinese
    characters are kept here, and the line begins and ends with a space, so neither can happen.
    """
    words = [word for hotword in hotwords for word in parts(hotword)]
    return f" {' '.join(dict.fromkeys(words))} " if words else None


def batches(lengths: Sequence[float], on_gpu: bool) -> Iterator[list[int]]:
    """Indices of chunks to recognise together: of similar length, and not far apart in time.

    On a CPU more than four at once are not faster; a GPU takes five minutes of audio, including padding.
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


def _is_machine_error(error: Exception) -> bool:
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(text in str(error) for text in _MACHINE_ERRORS)


def _sentence(chunk: AudioChunk, result: dict[str, Any]) -> Sentence:
    """All words of one chunk, including those outside its own span: `merge_overlaps` decides about these."""
    words = timed_words(str(result.get("text") or ""), result.get("timestamp"), chunk.end - chunk.start)
    placed = tuple(Word(word.text, chunk.start + word.start, chunk.start + word.end) for word in words)
    return Sentence(chunk.first, chunk.last, join(placed), placed)
