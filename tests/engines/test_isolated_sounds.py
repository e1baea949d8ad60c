from backend.engines.isolated_sounds import mark_isolated_sounds
from backend.speech.types import Sentence

HOUR = 3600.0


def test_a_recording_of_music_says_nothing() -> None:
    heard = [
        Sentence(3121.0, 3122.0, "", error="unsure"),
        Sentence(3544.0, 3545.0, "啊。"),
        Sentence(3582.0, 3584.0, "啊啊啊。"),
    ]

    assert [(one.start, one.end, "", None) for one in heard] == [
        (one.start, one.end, one.text, one.error) for one in mark_isolated_sounds(heard, HOUR)
    ]


def test_an_interjection_near_words_is_a_listeners() -> None:
    heard = [Sentence(10.0, 12.0, "我们开始吧。"), Sentence(13.0, 13.5, "嗯。"), Sentence(40.0, 40.5, "啊。")]

    assert heard == mark_isolated_sounds(heard, HOUR)


def test_an_interjection_far_from_any_word_is_unsure_and_kept() -> None:
    heard = [Sentence(10.0, 12.0, "我们开始吧。"), Sentence(100.0, 101.0, "啊啊。")]

    assert [False, True] == [one.unsure for one in mark_isolated_sounds(heard, HOUR)]
    assert ["我们开始吧。", "啊啊。"] == [one.text for one in mark_isolated_sounds(heard, HOUR)]


def test_what_nobody_understands_stays_where_somebody_may_have_spoken() -> None:
    long = [Sentence(10.0, 15.0, "", error="unsure")]
    much = [Sentence(float(at), at + 1.0, "", error="unsure") for at in range(0, 100, 2)]

    assert long == mark_isolated_sounds(long, HOUR)
    assert much == mark_isolated_sounds(much, HOUR)
