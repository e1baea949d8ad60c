"""Sentences and turns for tests: by hand, and Hypothesis strategies."""

from hypothesis import strategies as st

from backend.speech.text import characters
from backend.speech.types import Diarization, Sentence, Turn, Word

#: Seconds of a word in `said`.
STEP = 0.25


def said(text: str, start: float = 0.0, step: float = STEP) -> Sentence:
    """A sentence whose words follow each other without pauses, each `step` long."""
    words = tuple(
        Word(unit, start + number * step, start + (number + 1) * step) for number, unit in enumerate(characters(text))
    )
    return Sentence(start, words[-1].end, text, words)


def spoken(*turns: tuple[str, float, float]) -> Diarization:
    """The same turns as regular and as exclusive ones."""
    made = tuple(Turn(*turn) for turn in turns)
    return Diarization(turns=made, exclusive=made)


def _times(max_value: int) -> st.SearchStrategy[float]:
    return st.integers(0, max_value * 100).map(lambda hundredths: hundredths / 100)


_heard = st.sampled_from([*"我们今天开会讨论预算嗯对好是𠮷㐀", "Python", "GPU", "it's", "3.5", "50%", "2026"])
_odd = st.one_of(_heard, st.sampled_from(["&", ""]))
_marks = st.sampled_from(["", "", "", "", "，", "。", "？", "……", "”", "》、", " ", ". ", "“"])
_lengths = st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.6])
_gaps = st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.1, 0.3, 2.0])
_slips = st.one_of(st.just(0.0), st.just(0.0), st.sampled_from([-3.0, -0.3, 0.2, 5.0]))
_good = st.lists(st.tuples(_heard, _marks, _lengths, _gaps, st.just(0.0)), min_size=1, max_size=20)
_bad = st.lists(st.tuples(_odd, _marks, _lengths, _gaps, _slips), min_size=1, max_size=20)


@st.composite
def sentences(draw: st.DrawFn, tidy: bool = False) -> list[Sentence]:
    """Sentences with words; unless `tidy`, also words without spoken characters, invalid times, missing words and
    errors."""
    clock = 0.0
    made: list[Sentence] = []
    kinds = st.just("heard") if tidy else st.sampled_from(["heard", "heard", "heard", "heard", "failed", "wordless"])
    for kind in draw(st.lists(kinds, max_size=5)):
        if kind == "failed":
            made.append(Sentence(clock, clock + 5, "", error="engine_failed"))
            clock += 5
            continue
        start, words, text = clock, [], ""
        for unit, mark, length, gap, slip in draw(_good if tidy else _bad):
            words.append(Word(unit, max(clock + slip, 0.0), max(clock + slip, 0.0) + length))
            text += unit + mark
            clock = words[-1].end + gap if not slip else clock + length
        made.append(Sentence(start, clock, text, () if kind == "wordless" else tuple(words)))
    return made


@st.composite
def turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    rows = draw(st.lists(st.tuples(st.sampled_from("ABC"), _times(60), _times(12)), max_size=20))
    return tuple(Turn(voice, start, start + length) for voice, start, length in rows)


@st.composite
def diarizations(draw: st.DrawFn) -> Diarization:
    regular = draw(turns())
    exclusive: list[Turn] = []
    for turn in sorted(regular, key=lambda turn: turn.start):
        start = max(turn.start, exclusive[-1].end if exclusive else 0.0)
        if start < turn.end:
            exclusive.append(Turn(turn.voice, start, turn.end))
    return Diarization(regular, tuple(exclusive))
