"""A Whisper model that says what a test plants: the real tokenizer class and adapter around it, no weights."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|zh|>",
    "<|ja|>",
    "<|transcribe|>",
    "<|startofprev|>",
    "<|notimestamps|>",
)


@dataclass(frozen=True)
class Asked:
    """What the model was asked to decode: the index of the window in order of first hearing, and how."""

    window: int
    prompted: bool
    beam: int
    no_repeat: int
    language: str


@dataclass(frozen=True)
class Answer:
    text: str
    probability: float = 0.9
    no_speech: float = 0.05


@dataclass
class PlantedWhisper:
    """Stands for ctranslate2.models.Whisper. Windows are told apart by their features."""

    answer: Callable[[Asked], Answer]
    tokenizer: Tokenizer
    languages: list[str] = field(default_factory=lambda: ["zh"])
    asked: list[Asked] = field(default_factory=list)
    n_mels: int = 80
    encodings: int = 0
    encoded: list[bytes] = field(default_factory=list)
    _last: Answer = field(default_factory=lambda: Answer(""))

    def encode(self, features: Any) -> int:
        self.encodings += 1
        key = np.asarray(features).tobytes()
        if key not in self.encoded:
            self.encoded.append(key)
        return self.encoded.index(key)

    def detect_language(self, window: int) -> list[list[tuple[str, float]]]:
        language = self.languages[min(window, len(self.languages) - 1)]
        return [[(f"<|{language}|>", 0.9), ("<|en|>", 0.05)]]

    def generate(self, window: int, prompts: list[list[int]], **options: Any) -> list[Any]:
        tokens = [self.tokenizer.id_to_token(id) for id in prompts[0]]
        language = tokens[tokens.index("<|startoftranscript|>") + 1].strip("<|>")
        asked = Asked(
            window, tokens[0] == "<|startofprev|>", options["beam_size"], options["no_repeat_ngram_size"], language
        )
        self.asked.append(asked)
        self._last = self.answer(asked)
        ids = self.tokenizer.encode(self._last.text, add_special_tokens=False).ids
        return [SimpleNamespace(sequences_ids=[ids], no_speech_prob=self._last.no_speech)]

    def align(self, window: int, start: list[int], text: list[list[int]], frames: list[int]) -> list[Any]:
        count = len(text[0])
        step = frames[0] / 2 / max(1, count)
        alignments = [(token, int(token * step)) for token in range(count + 1)]
        return [SimpleNamespace(alignments=alignments, text_token_probs=[self._last.probability] * count)]


def byte_tokenizer() -> Tokenizer:
    """Every byte a token: each Chinese character is split over three of them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: id for id, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    return tokenizer
