"""Whisper by CTranslate2 in int8: many languages, and far better than Vosk where people talk freely.

The model decodes windows of neighbouring chunks of speech. It is never given an instruction as a prompt, because a
prompt may come back as the transcript. `hallucination_checks` finds what it invents.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from backend.checksums import sha256
from backend.engines.chunking import merge_overlaps, split_speech
from backend.engines.hallucination_checks import (
    DecodedWindow,
    Hallucination,
    find_hallucinations,
    is_omitted,
    is_without_speech,
)
from backend.engines.hotwords import WHISPER_TOKENS, whisper_line
from backend.engines.isolated_sounds import mark_isolated_sounds
from backend.engines.protocols import EngineContext, EngineError, ProgressCallback, TranscribeOptions
from backend.engines.punctuation import marks_after, punctuate_by_pauses, punctuated, sentences
from backend.engines.registry import fetch_command
from backend.engines.simplified import simplified
from backend.engines.timestamps import in_order
from backend.engines.transcription_checkpoint import TranscriptionCheckpoint, fingerprint, model_fingerprint
from backend.engines.vad import Vad
from backend.engines.wav_reader import RATE, WavReader
from backend.engines.whisper_features import FRAME_SECONDS, log_mel
from backend.engines.whisper_folder import find_problem
from backend.engines.whisper_tokens import TimedToken, timed_characters, token_bytes, words_of
from backend.engines.whisper_windows import LONGEST, Window, pack
from backend.speech.languages import AUTO
from backend.speech.types import Sentence, Word

_BEAM = 5
_LANGUAGE_WINDOWS = 3  #: the language is that of most of the first windows
_FRAME = 2 * FRAME_SECONDS  #: of the encoder
_NO_REPEAT = 5
_WITHOUT_TEXT = 3.0  #: seconds of a piece of speech from which an empty text is suspicious; shorter ones are noises
_REJECTED = frozenset({Hallucination.ECHO, Hallucination.REPETITION, Hallucination.IMPROBABLE})
_SPARSE_MARKS = frozenset({"zh", "yue"})  #: without a prompt Whisper writes hardly any mark in these
_WIDE_MARKS = frozenset({"zh", "yue", "ja"})
_WESTERN = dict(zip("，。？！、；：", ",.?!,;:", strict=True))
_CHINESE_MARK = re.compile(f"[{''.join(_WESTERN)}] ?")


@dataclass(frozen=True, slots=True)
class _Decoding:
    """One decoding of one window: its words at window times, the mark behind each, and what is checked of it."""

    words: list[Word]
    marks: list[str]
    window: DecodedWindow


class Whisper:
    """Built inside a child, with everything loaded. One `transcribe` at a time."""

    def __init__(self, context: EngineContext, model: str = "whisper-small", folder: Path | None = None) -> None:
        """`folder`: of another model than those of models/."""
        if folder is None and not (context.models / model / "model.bin").is_file():
            fetch_set = "small" if model == "whisper-small" else model
            raise EngineError("model_missing", f"{model} is not installed. Fetch it with: {fetch_command(fetch_set)}")
        folder = folder or context.models / model
        self._folders = (folder, context.models / "fsmn-vad")
        self._vad = Vad(context.models / "fsmn-vad", context.threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._model = ctranslate2.models.Whisper(
            str(folder.resolve()), device="cpu", compute_type="int8", inter_threads=1, intra_threads=context.threads
        )

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: ProgressCallback) -> list[Sentence]:
        """Sentences in order of time. A chunk whose text is rejected is a Sentence with the error `unsure`, and so is a
        longer one without any.

        Each window is decoded by itself, so a resumed run writes the same text as an unbroken one.
        """
        with WavReader(audio) as reader:
            pieces = split_speech(self._vad.detect(reader), reader.duration, reader.find_quietest, longest=LONGEST)
            windows = pack(pieces)
            weights = [model_fingerprint(weights) for weights in self._folders]
            facts = (version("ctranslate2"), weights, sha256(audio), options.language, options.hotwords, pieces)
            checkpoint = TranscriptionCheckpoint(options.checkpoint_file, fingerprint("whisper", *facts))
            finished = checkpoint.finished_sentences()
            language, encoded = options.language, dict[Window, Any]()
            if language == AUTO and windows:
                encoded = {window: self._encode(window.samples(reader)) for window in windows[:_LANGUAGE_WINDOWS]}
                language = self._detect(list(encoded.values()))
            numbered = iter(range(len(pieces)))
            for window in windows:
                own = [next(numbered) for _ in window.pieces]
                if any(index not in finished for index in own):
                    made = self._transcribe_window(
                        reader, window, language, options.hotwords, encoded.pop(window, None)
                    )
                    for index, sentence in zip(own, made, strict=True):
                        finished[index] = checkpoint.save(index, sentence)
                    options.yield_turn()
                progress(min(window.pieces[-1].last, reader.duration), reader.duration)
            decoded = mark_isolated_sounds([finished[index] for index in range(len(pieces))], reader.duration)
        return _as_sentences(
            decoded, merge_overlaps([(p, s.words) for p, s in zip(pieces, decoded, strict=True)]), language
        )

    def _detect(self, encoded: Sequence[Any]) -> str:
        """The language that is most probable over the first windows; Mandarin where none is."""
        total: dict[str, float] = {}
        for window in encoded:
            for token, probability in self._model.detect_language(window)[0]:
                language = str(token).strip("<|>")
                total[language] = total.get(language, 0.0) + probability
        best = max(total, key=lambda language: total[language])
        return best if total[best] >= len(encoded) / 2 else "zh"

    def _encode(self, samples: npt.NDArray[np.float32]) -> Any:
        return self._model.encode(ctranslate2.StorageView.from_array(log_mel(samples, self._model.n_mels)[None]))

    def _transcribe_window(
        self, reader: WavReader, window: Window, language: str, hotwords: Sequence[str], encoded: Any = None
    ) -> list[Sentence]:
        """A sentence for every piece of the window."""
        samples = window.samples(reader)
        if encoded is None:
            encoded = self._encode(samples)
        decode = partial(self._decode, encoded, samples, language, _speech_seconds(window))
        decoded, hallucinations = _decode_until_plausible(decode, hotwords)
        if hallucinations & _REJECTED and len(window.pieces) > 1:
            return [own for half in window.split() for own in self._transcribe_window(reader, half, language, ())]
        if hallucinations & _REJECTED:
            error = None if is_without_speech(decoded.window) else "unsure"
            return [Sentence(piece.first, piece.last, "", error=error) for piece in window.pieces]
        placed_words = window.place(decoded.words)
        if len(window.pieces) > 1 and any(
            is_omitted("".join(word.text for _, word in placed), piece.end - piece.start)
            for piece, placed in zip(window.pieces, placed_words, strict=True)
        ):
            return [own for half in window.split() for own in self._transcribe_window(reader, half, language, hotwords)]
        made: list[Sentence] = []
        for piece, placed in zip(window.pieces, placed_words, strict=True):
            words = tuple(word for _, word in placed)
            text = punctuated(words, [decoded.marks[at] for at, _ in placed])
            if not words and piece.end - piece.start > _WITHOUT_TEXT:
                made.append(Sentence(piece.first, piece.last, "", error="unsure"))
                continue
            unsure = Hallucination.PACE in hallucinations
            made.append(Sentence(piece.first, piece.last, text, words, unsure=unsure, language=language))
        return made

    def _decode(
        self,
        encoded: Any,
        samples: npt.NDArray[np.float32],
        language: str,
        seconds: float,
        hotwords: Sequence[str],
        *,
        beam: int = _BEAM,
        no_repeat: int = 0,
    ) -> _Decoding:
        start = [self._id("<|startoftranscript|>"), self._id(f"<|{language}|>"), self._id("<|transcribe|>")]
        prompt = [*self._hotword_prompt(hotwords), *start, self._id("<|notimestamps|>")]
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            no_repeat_ngram_size=no_repeat,
            max_length=448,
            return_no_speech_prob=True,
        )[0]
        ids = [id for id in result.sequences_ids[0] if id < self._id("<|endoftext|>")]
        tokens = self._aligned(encoded, start, ids, len(samples)) if ids else []
        text = b"".join(token.bytes for token in tokens).decode("utf-8", errors="ignore")
        words, marks = words_of(timed_characters(tokens))
        if language == "zh":
            words = [Word(simplified(word.text), word.start, word.end) for word in words]
        return _Decoding(
            words, marks, DecodedWindow(text, [token.probability for token in tokens], result.no_speech_prob, seconds)
        )

    def _aligned(self, encoded: Any, start: list[int], ids: list[int], samples: int) -> list[TimedToken]:
        """The time of every token by dynamic time warping over the cross-attentions (whisper/timing.py)."""
        frames = max(2, round(samples / RATE / FRAME_SECONDS))
        found = self._model.align(encoded, start, [ids], [frames])[0]
        begins: dict[int, float] = {}
        for token, frame in found.alignments:
            begins.setdefault(token, frame * _FRAME)
        end = frames * FRAME_SECONDS
        times = [begins.get(index, end) for index in range(len(ids) + 1)]
        return [
            TimedToken(
                token_bytes(str(self._tokenizer.id_to_token(id))), times[at], max(times[at], times[at + 1]), probability
            )
            for at, (id, probability) in enumerate(zip(ids, found.text_token_probs, strict=False))
        ]

    def _hotword_prompt(self, hotwords: Sequence[str]) -> list[int]:
        if not hotwords:
            return []
        ids = self._tokenizer.encode(whisper_line(hotwords), add_special_tokens=False).ids[:WHISPER_TOKENS]
        return [self._id("<|startofprev|>"), *ids]

    def _id(self, token: str) -> int:
        id = self._tokenizer.token_to_id(token)
        if id is None:
            raise EngineError("engine_failed", f"The model has no token {token}.")
        return int(id)


def large(context: EngineContext) -> Whisper:
    """Whisper large-v3-turbo: better, and about four times the work."""
    return Whisper(context, "whisper-large")


def from_folder(context: EngineContext, folder: Path) -> Whisper:
    """A Whisper model of WHISPER_MODELS. Raises EngineError `model_missing` if it is not a whole one."""
    if (problem := find_problem(folder)) is not None:
        raise EngineError("model_missing", problem.sentence)
    return Whisper(context, folder=folder)


def _decode_until_plausible(
    decode: Callable[..., _Decoding], hotwords: Sequence[str]
) -> tuple[_Decoding, set[Hallucination]]:
    """Decode again, each time without one cause of hallucinations, until none is found or every way has been tried."""
    decoded = decode(hotwords)
    hallucinations = find_hallucinations(decoded.window, hotwords)
    if hotwords and hallucinations:
        # said without being prompted, it was said
        decoded = decode(())
        hallucinations = find_hallucinations(decoded.window)
    if Hallucination.IMPROBABLE in hallucinations:
        retried = decode((), beam=1)
        if len(found := find_hallucinations(retried.window)) < len(hallucinations):
            decoded, hallucinations = retried, found
    if Hallucination.REPETITION in hallucinations:
        retried = decode((), no_repeat=_NO_REPEAT)
        if len(found := find_hallucinations(retried.window)) < len(hallucinations):
            decoded, hallucinations = retried, found
    return decoded, hallucinations


def _speech_seconds(window: Window) -> float:
    return sum(piece.end - piece.start for piece in window.pieces)


def _as_sentences(decoded: Sequence[Sentence], words: Sequence[Sequence[Word]], language: str) -> list[Sentence]:
    """Sentences between the chunks that were rejected. Chunks that are unsure share no sentence with others."""
    made: list[Sentence] = []
    pairs = zip(decoded, words, strict=True)
    for (error, unsure), group in groupby(pairs, key=lambda pair: (pair[0].error, pair[0].unsure)):
        if error is not None:
            made += [sentence for sentence, _ in group]
            continue
        run: list[tuple[Word, str]] = []
        for sentence, own in group:
            marks = marks_after(sentence.words, sentence.text) or [""] * len(sentence.words)
            mark_of = dict(zip(sentence.words, marks, strict=True))
            run += [(word, mark_of[word]) for word in own]
        made += [replace(one, unsure=unsure, language=language) for one in _punctuated(run, language)]
    return made


def _punctuated(run: Sequence[tuple[Word, str]], language: str) -> list[Sentence]:
    """Whisper's marks, and those of the pauses where its language leaves most of them out."""
    words = in_order([word for word, _ in run])
    marks = [mark for _, mark in run]
    if language in _SPARSE_MARKS or not any(marks):
        marks = [_stronger(*both) for both in zip(marks, punctuate_by_pauses(words), strict=True)]
    made = sentences(words, marks)
    return made if language in _WIDE_MARKS else [replace(one, text=_western(one.text)) for one in made]


def _stronger(written: str, paused: str) -> str:
    return paused if written == "，" and paused else written or paused


def _western(text: str) -> str:
    return _CHINESE_MARK.sub(lambda match: _WESTERN[match[0]] + " ", text).strip()
