"""Who is suggested, and who is not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.people.matching import Match, MatchRules, match
from backend.people.vectors import Heard, cosine

RULES = MatchRules()


def at(degrees: float, seconds: float = 20.0) -> Heard:
    """A voice in a plane: two voices are as alike as the cosine of the angle between them."""
    return Heard((math.cos(math.radians(degrees)), math.sin(math.radians(degrees))), seconds)


def pairs(matches: list[Match]) -> list[tuple[str, str]]:
    return [(one.speaker, one.person) for one in matches]


VOICES = st.dictionaries(
    st.sampled_from(["S1", "S2", "S3", "S4"]),
    st.builds(at, st.integers(0, 359), st.sampled_from([1.0, 3.0, 60.0])),
)
PROFILES = st.dictionaries(
    st.sampled_from(["p1", "p2", "p3", "p4"]),
    st.builds(at, st.integers(0, 359), st.sampled_from([5.0, 10.0, 300.0])),
)
ANY_RULES = st.builds(MatchRules, st.floats(0, 1), st.floats(0, 0.5))


@given(VOICES, PROFILES, ANY_RULES)
def test_a_suggestion_is_the_best_for_both_with_nobody_within_the_margin(
    voices: dict[str, Heard], profiles: dict[str, Heard], rules: MatchRules
) -> None:
    judged = {id: one for id, one in voices.items() if one.seconds >= 3}
    known = {id: one for id, one in profiles.items() if one.seconds >= 10}

    found = match(voices, profiles, rules)

    assert len({one.speaker for one in found}) == len({one.person for one in found}) == len(found)
    for one in found:
        similarity = cosine(judged[one.speaker].vector, known[one.person].vector)
        others = [cosine(judged[one.speaker].vector, known[id].vector) for id in known if id != one.person]
        others += [cosine(judged[id].vector, known[one.person].vector) for id in judged if id != one.speaker]
        assert one.similarity == similarity >= rules.threshold
        assert all(other < similarity and similarity - other >= rules.margin for other in others)


@given(VOICES, PROFILES, ANY_RULES)
def test_what_was_refused_is_never_suggested_again(
    voices: dict[str, Heard], profiles: dict[str, Heard], rules: MatchRules
) -> None:
    refused = set(pairs(match(voices, profiles, rules)))

    again = match(voices, profiles, rules, refused)

    assert refused.isdisjoint(pairs(again))


@given(VOICES, PROFILES, ANY_RULES)
def test_a_higher_threshold_suggests_only_fewer(
    voices: dict[str, Heard], profiles: dict[str, Heard], rules: MatchRules
) -> None:
    stricter = MatchRules(min(1.0, rules.threshold + 0.1), rules.margin)

    assert set(pairs(match(voices, profiles, stricter))) <= set(pairs(match(voices, profiles, rules)))


def test_the_person_who_sounds_like_the_voice_is_suggested() -> None:
    found = match({"S1": at(0), "S2": at(90)}, {"zhang": at(20), "li": at(150)}, RULES)

    assert pairs(found) == [("S1", "zhang")]
    assert found[0].strong


def test_a_suggestion_just_above_the_threshold_is_not_strong() -> None:
    [found] = match({"S1": at(0)}, {"zhang": at(53)}, RULES)

    assert not found.strong


def test_a_stranger_is_nobody() -> None:
    assert match({"S1": at(0)}, {"zhang": at(60), "li": at(-70)}, RULES) == []


def test_of_two_people_who_sound_alike_neither_is_suggested() -> None:
    assert match({"S1": at(0)}, {"twin": at(10), "other twin": at(-12)}, RULES) == []


def test_two_voices_of_one_person_are_left_to_people() -> None:
    assert match({"S1": at(5), "S2": at(-5)}, {"zhang": at(0)}, RULES) == []


@pytest.mark.parametrize(("voice", "profile"), [(2.9, 60.0), (60.0, 9.9)])
def test_too_little_speech_is_not_judged(voice: float, profile: float) -> None:
    assert match({"S1": at(0, voice)}, {"zhang": at(0, profile)}, RULES) == []


def test_a_voice_too_short_to_judge_takes_no_suggestion_from_another() -> None:
    assert pairs(match({"S1": at(0), "S2": at(3, 0.4)}, {"zhang": at(5)}, RULES)) == [("S1", "zhang")]


def test_a_vector_of_another_dimension_matches_nobody() -> None:
    assert match({"S1": Heard((1.0, 0.0, 0.0), 20.0)}, {"zhang": at(0)}, RULES) == []
