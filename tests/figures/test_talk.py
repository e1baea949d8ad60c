import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.figures.talk import BINS, talk_figures
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker

SPEAKERS = (Speaker("S1", "王芳"), Speaker("S2"))


def said(speaker: str | None, text: str, *words: tuple[float, float]) -> Segment:
    timed = tuple(Word("字", start, end) for start, end in words)
    return Segment("x", words[0][0], words[-1][1], text, words=timed, speaker=speaker)


def test_shares_turns_and_pace_come_from_the_times_of_the_words() -> None:
    document = Document(
        60.0,
        SPEAKERS,
        (
            said("S1", "今天讨论 budget。", (0.0, 2.0), (2.5, 6.0)),  # 5 of a kind in 6 s
            said("S1", "还有吗？好的。", (7.5, 9.0)),  # after 1.5 s: the same turn
            said("S2", "预算够吧。够了！真的？", (9.0, 12.0)),
            said("S1", "行", (20.0, 21.0)),
        ),
    )

    made = talk_figures(document)

    first, second = made.speakers
    assert (first.speaker, second.speaker) == ("S1", "S2")
    assert (first.seconds, second.seconds) == (8.5, 3.0)
    assert first.share == pytest.approx(8.5 / 11.5)
    assert (first.turns, second.turns) == (2, 1)
    assert (first.longest_turn, second.longest_turn) == (9.0, 3.0)
    assert (first.characters, second.characters) == (5 + 5 + 1, 8)
    assert second.characters_per_minute == pytest.approx(160)
    assert (first.questions, second.questions) == (1, 2)
    assert made.speech == 11.5
    assert made.silence == 8.0 + 39.0  # 1.5 s is none
    assert made.overlap_at_least == 0.0


def test_an_overlap_counts_once_however_many_speak_and_not_below_the_accuracy_of_words() -> None:
    three = [said(speaker, "嗯", (10.0, 12.0)) for speaker in ("S1", "S2", None)]
    short = [said("S1", "啊", (20.0, 21.0)), said("S2", "哦", (20.8, 22.0))]

    assert talk_figures(Document(30.0, SPEAKERS, (*three, *short))).overlap_at_least == 2.0


def test_the_strip_shows_who_spoke_when() -> None:
    made = talk_figures(Document(200.0, SPEAKERS, (said("S1", "好", (50.0, 60.5)), said("S2", "好", (199.0, 200.0)))))

    strips = {one.speaker: one.strip for one in made.speakers}
    assert all(len(strip) == BINS for strip in strips.values())
    assert [number for number, spoken in enumerate(strips["S1"]) if spoken] == list(range(50, 61))
    assert strips["S1"][60] == 0.5
    assert strips["S2"][-1] == 1.0


def test_a_recording_without_speech_has_no_figures() -> None:
    made = talk_figures(Document(30.0))

    assert (made.speakers, made.speech, made.silence) == ((), 0.0, 30.0)
    assert talk_figures(Document(0.0)).silence == 0.0


_TIMES = st.floats(0, 100, allow_nan=False)


@given(st.lists(st.tuples(st.sampled_from(["S1", "S2", None]), _TIMES, st.floats(0, 9)), max_size=20))
def test_shares_add_up_and_overlap_is_never_more_than_speech(spoken: list[tuple[str | None, float, float]]) -> None:
    segments = tuple(said(speaker, "好", (start, start + length)) for speaker, start, length in spoken)

    made = talk_figures(Document(110.0, SPEAKERS, segments))

    total = sum(one.seconds for one in made.speakers)
    assert sum(one.share for one in made.speakers) == pytest.approx(1.0 if total else 0.0)
    assert 0 <= made.overlap_at_least <= made.speech + 1e-6
    assert made.speech <= total + 1e-6
    assert made.speech + made.silence <= 110.0 + 1e-6
    assert all(0 <= share <= 1 for one in made.speakers for share in one.strip)
