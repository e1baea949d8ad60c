"""Invalid results of engines are refused."""

import math
from typing import Any

import numpy as np
import pytest

from backend.engines.result_checks import InvalidResult, check_diarization, check_sentences
from backend.speech.types import Diarization, Sentence, Turn, Word


def test_valid_sentences_are_returned_unchanged() -> None:
    sentences = [
        Sentence(0.0, 1.0, "好。", (Word("好", 0.0, 0.5),)),
        Sentence(1.0, 2.0, "", error="asr_error"),
        Sentence(1.5, 1.5, ""),
    ]

    assert check_sentences(sentences) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        None,
        {},
        [("好", 0.0, 1.0)],
        [Sentence(0.0, 1.0, None)],  # type: ignore[arg-type]
        [Sentence("0", 1.0, "好")],  # type: ignore[arg-type]
        [Sentence(np.float32(0), 1.0, "好")],  # type: ignore[arg-type]
        [Sentence(math.nan, 1.0, "好")],
        [Sentence(0.0, math.inf, "好")],
        [Sentence(-0.1, 1.0, "好")],
        [Sentence(2.0, 1.0, "好")],
        [Sentence(2.0, 3.0, "后"), Sentence(1.0, 2.0, "先")],
        [Sentence(0.0, 1.0, "好", (Word("好", 0.0, math.nan),))],
        [Sentence(0.0, 1.0, "好好", (Word("好", 0.5, 0.6), Word("好", 0.1, 0.2)))],
        [Sentence(0.0, 1.0, "好", error="asr_error")],
        [Sentence(0.0, 1.0, "好", language="Chinese")],
    ],
)
def test_invalid_sentences_are_refused(sentences: Any) -> None:
    with pytest.raises(InvalidResult):
        check_sentences(sentences)


def test_overlapping_turns_and_touching_exclusive_turns_are_valid() -> None:
    diarization = Diarization((Turn("A", 0.0, 2.0), Turn("B", 1.0, 3.0)), (Turn("A", 0.0, 2.0), Turn("B", 2.0, 3.0)))

    assert check_diarization(diarization) is diarization


@pytest.mark.parametrize(
    "diarization",
    [
        None,
        Diarization((Turn("", 0.0, 1.0),)),
        Diarization((Turn("A", 0.0, math.nan),)),
        Diarization((Turn("A", 1.0, 0.0),)),
        Diarization((Turn("A", 1.0, 2.0), Turn("A", 0.0, 1.0))),
        Diarization((), (Turn("A", 0.0, 2.0), Turn("B", 1.0, 3.0))),
    ],
)
def test_invalid_turns_are_refused(diarization: Any) -> None:
    with pytest.raises(InvalidResult):
        check_diarization(diarization)
