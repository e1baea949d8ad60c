"""What cannot be right is not believed."""

import math
from typing import Any

import numpy as np
import pytest

from backend.engines.checks import Unbelievable, check_diarization, check_sentences
from backend.speech.types import Diarization, Sentence, Turn, Word


def test_good_sentences_pass_as_they_are() -> None:
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
    ],
)
def test_bad_sentences_are_refused(sentences: Any) -> None:
    with pytest.raises(Unbelievable):
        check_sentences(sentences)


def test_overlapping_turns_pass_and_touching_exclusive_ones_too() -> None:
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
def test_bad_turns_are_refused(diarization: Any) -> None:
    with pytest.raises(Unbelievable):
        check_diarization(diarization)
