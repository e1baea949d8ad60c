from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from backend.speech.merge import LONGEST, merge
from backend.speech.text import join, spoken_characters
from backend.speech.types import Diarization, Segment, Sentence, Turn, Word
from tests.speech.talk import diarizations, said, sentences, spoken


def texts(sentences: list[Sentence], diarization: Diarization | None = None) -> list[str]:
    return [segment.text for segment in merge(sentences, diarization or Diarization()).segments]


# Properties that hold for any input, even an invalid one.


@given(sentences(), diarizations())
@settings(max_examples=200)
def test_no_character_is_lost_added_or_moved(talk: list[Sentence], diarization: Diarization) -> None:
    merged = merge(talk, diarization)

    heard = spoken_characters("".join(sentence.text for sentence in talk if sentence.error is None))
    assert spoken_characters("".join(segment.text for segment in merged.segments)) == heard


@given(sentences(), diarizations())
def test_words_are_kept_in_order(talk: list[Sentence], diarization: Diarization) -> None:
    merged = merge(talk, diarization)

    expected = [word.text for sentence in talk for word in sentence.words]
    assert [word.text for segment in merged.segments for word in segment.words] == expected


@given(sentences(), diarizations())
def test_times_only_grow_and_words_lie_in_their_own_segment(talk: list[Sentence], diarization: Diarization) -> None:
    segments = merge(talk, diarization).segments

    for segment, following in pairwise(segments):
        assert segment.end <= following.start
    words = [word for segment in segments for word in segment.words]
    assert all(word.start <= following.start for word, following in pairwise(words))
    for segment in segments:
        assert segment.start <= segment.end
        assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)


@given(sentences(), diarizations())
def test_failed_sentences_stay_unchanged(talk: list[Sentence], diarization: Diarization) -> None:
    segments = [segment for segment in merge(talk, diarization).segments if segment.error is not None]

    assert [segment.error for segment in segments] == [s.error for s in talk if s.error is not None]
    assert all((segment.text, segment.words, segment.speaker) == ("", (), None) for segment in segments)


@given(sentences(), diarizations())
def test_speakers_are_numbered_as_they_appear(talk: list[Sentence], diarization: Diarization) -> None:
    merged = merge(talk, diarization)

    first = dict.fromkeys(segment.speaker for segment in merged.segments if segment.speaker)
    second = dict.fromkeys(segment.second_speaker for segment in merged.segments if segment.second_speaker)
    assert list(first | second) == [f"S{number}" for number in range(1, len(merged.voices) + 1)]
    assert len(set(merged.voices)) == len(merged.voices)
    assert set(merged.voices) <= {turn.voice for turn in diarization.turns}


@given(sentences(), diarizations())
def test_segments_are_short_and_have_a_confidence_or_no_speaker(talk: list[Sentence], diarization: Diarization) -> None:
    segments = merge(talk, diarization).segments

    assert [segment.id for segment in segments] == [f"p{number}" for number in range(1, len(segments) + 1)]
    for segment in segments:
        assert len(segment.text) <= LONGEST or len(segment.words) <= 1
        assert (segment.confidence is None) == (segment.speaker is None)
        assert segment.confidence is None or 0 <= segment.confidence <= 1
        assert segment.second_speaker is None or (segment.overlap and segment.second_speaker != segment.speaker)
        assert segment.source == "auto"


@given(sentences(tidy=True), diarizations())
@settings(max_examples=200)
def test_a_word_inside_a_turn_has_the_voice_of_the_turn(talk: list[Sentence], diarization: Diarization) -> None:
    merged = merge(talk, diarization)

    words = [word for sentence in talk for word in sentence.words]
    speakers = [segment.speaker for segment in merged.segments for _ in segment.words]
    for turn in diarization.exclusive:
        inside = [n for n, word in enumerate(words) if turn.start < word.start and word.end < turn.end]
        if inside and words[inside[-1]].end - words[inside[0]].start >= 0.6:
            for number in inside[5:-5]:
                assert merged.voices[int((speakers[number] or "")[1:]) - 1] == turn.voice


@given(sentences())
def test_without_turns_no_speaker_is_named(talk: list[Sentence]) -> None:
    merged = merge(talk, Diarization())

    assert merged.voices == ()
    assert all(segment.speaker is None and not segment.overlap for segment in merged.segments)


# Examples of the steps. Those of attribution alone are in test_attribution.


def test_silence_has_no_segments() -> None:
    assert merge([], spoken(("A", 0, 5))).segments == ()


def test_a_sentence_is_cut_where_the_speaker_changes() -> None:
    merged = merge([said("我们开始吧好的没有问题")], spoken(("A", 0, 1.25), ("B", 1.25, 2.75)))

    assert merged.voices == ("A", "B")
    assert [(s.speaker, s.text, s.start, s.end) for s in merged.segments] == [
        ("S1", "我们开始吧", 0, 1.25),
        ("S2", "好的没有问题", 1.25, 2.75),
    ]


def test_sentences_of_one_speaker_are_one_paragraph() -> None:
    assert texts([said("我们开始吧。"), said("今天讨论预算。", 2.0)], spoken(("A", 0, 4))) == [
        "我们开始吧。今天讨论预算。"
    ]


def test_a_pause_of_more_than_one_and_a_half_seconds_ends_a_paragraph() -> None:
    assert texts([said("我们开始吧。"), said("今天讨论预算。", 2.75)]) == ["我们开始吧。今天讨论预算。"]
    assert texts([said("我们开始吧。"), said("今天讨论预算。", 2.76)]) == ["我们开始吧。", "今天讨论预算。"]


def test_a_long_speech_is_cut_at_ends_of_sentences() -> None:
    one = "今天我们讨论明年的预算问题。"

    found = texts([said(one * 9)])

    assert found == [one * 4, one * 4, one]


def test_a_sentence_that_is_too_long_is_cut_after_a_clause() -> None:
    clause = "如果明年的预算比今年少，"

    found = texts([said(clause * 8)])

    assert found == [clause * 5, clause * 3]


def test_text_without_any_mark_is_cut_at_sixty_characters() -> None:
    assert [len(text) for text in texts([said("字" * 150)])] == [60, 60, 30]


def test_a_latin_word_is_never_cut() -> None:
    assert texts([said("字" * 55 + "presentation")]) == ["字" * 55, "presentation"]


def test_a_failed_sentence_is_a_segment_of_its_own() -> None:
    talk = [said("我们开始吧。"), Sentence(1.3, 4, "", error="engine_failed"), said("好的没问题。", 4.1)]

    merged = merge(talk, spoken(("A", 0, 9)))

    assert [(segment.error, segment.text) for segment in merged.segments] == [
        (None, "我们开始吧。"),
        ("engine_failed", ""),
        (None, "好的没问题。"),
    ]
    assert (merged.segments[1].start, merged.segments[1].end) == (1.3, 4)


def test_an_overlap_is_marked_and_the_second_speaker_named() -> None:
    talk = [said("我们今天讨论预算。"), said("没有问题。", 4)]
    exclusive = (Turn("A", 0, 2), Turn("B", 4, 5))
    turns = (Turn("A", 0, 2), Turn("B", 1, 2), Turn("B", 4, 5))

    first, second = merge(talk, Diarization(turns, exclusive)).segments

    assert (first.overlap, first.speaker, first.second_speaker) == (True, "S1", "S2")
    assert (second.overlap, second.speaker, second.second_speaker) == (False, "S2", None)


def test_a_voice_only_in_overlaps_is_numbered_last() -> None:
    talk = [said("我们今天讨论预算。"), said("没有问题。", 4)]
    exclusive = (Turn("A", 0, 2), Turn("B", 4, 5))
    turns = (*exclusive, Turn("ghost", 0, 2))

    merged = merge(talk, Diarization(turns, exclusive))

    assert merged.voices == ("A", "B", "ghost")
    assert merged.segments[0].second_speaker == "S3"


def test_confidence_is_the_share_within_the_speakers_own_turns() -> None:
    talk = [said("我们今天", step=0.25)]

    assert merge(talk, spoken(("A", 0, 1))).segments[0].confidence == 1.0
    assert merge(talk, spoken(("A", 0, 0.75))).segments[0].confidence == 0.75
    assert merge(talk, spoken(("B", 5, 9))).segments[0].confidence is None


def test_words_without_durations_have_a_confidence_too() -> None:
    words = tuple(Word(text, 1.0, 1.0) for text in "我们好")

    (segment,) = merge([Sentence(1, 1, "我们好", words)], spoken(("A", 0, 2))).segments

    assert (segment.speaker, segment.confidence) == ("S1", 1.0)


@pytest.mark.slow
def test_a_meeting_of_twelve_hours_is_merged() -> None:
    # A quadratic step, such as one that looks at every turn for every word, would take hours here.
    count = 200_000
    words = [Word("字", number * 0.2, number * 0.2 + 0.18) for number in range(count)]
    talk = [
        Sentence(w[0].start, w[-1].end, "字" * 20, tuple(w)) for w in (words[n : n + 20] for n in range(0, count, 20))
    ]
    long = tuple(Turn(f"v{number % 7}", number * 2.0, number * 2.0 + 2) for number in range(20_000))
    slips = tuple(Turn(f"v{number % 2}", number * 0.2, number * 0.2 + 0.2) for number in range(20_000))

    merged = merge(talk, Diarization(long, long))
    slipped = merge(talk[:1500], Diarization(slips, slips))

    assert len(merged.voices) == 7
    assert sum(len(segment.words) for segment in merged.segments) == count
    assert {segment.speaker for segment in slipped.segments if segment.end < 3999} == {"S1"}
    assert slipped.segments[-1].speaker is None


# Real recordings with a reference of who said each character.


def _reference(folder: Path, name: str) -> list[tuple[str, Sentence]]:
    spoken = []
    for line in (folder / f"{name}.stm").read_text(encoding="utf-8").splitlines():
        _, _, voice, start, end, text = line.split(maxsplit=5)
        spoken.append((voice, said(text.strip(), float(start), (float(end) - float(start)) / len(text.strip()))))
    return sorted(spoken, key=lambda row: row[1].start)


def _turns(folder: Path, name: str) -> tuple[Turn, ...]:
    rows = [line.split() for line in (folder / f"{name}.rttm").read_text(encoding="utf-8").splitlines()]
    return tuple(Turn(row[7], float(row[3]), float(row[3]) + float(row[4])) for row in rows)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["two-minutes", "two-minutes-overlap", "ten-minutes"])
def test_every_character_of_a_real_meeting_gets_its_speaker(shared: Path, name: str) -> None:
    meeting = _reference(shared / "audio" / "meetings", name)
    turns = _turns(shared / "audio" / "meetings", name)

    merged = merge([sentence for _, sentence in meeting], Diarization(turns, turns))

    def voice(segment: Segment) -> str | None:
        return merged.voices[int(segment.speaker[1:]) - 1] if segment.speaker else None

    expected = [(voice, word.text) for voice, sentence in meeting for word in sentence.words]
    assert [(voice(segment), word.text) for segment in merged.segments for word in segment.words] == expected
    assert spoken_characters("".join(segment.text for segment in merged.segments)) == join(
        [word for _, sentence in meeting for word in sentence.words]
    )


def test_text_that_the_recogniser_is_unsure_of_is_a_segment_of_its_own() -> None:
    words = (Word("好", 0.0, 0.4), Word("的", 0.4, 0.8))
    sure, unsure = Sentence(0.0, 0.8, "好的。", words), Sentence(1.0, 1.4, "嗯。", (Word("嗯", 1.0, 1.4),), unsure=True)

    segments = merge([sure, unsure], Diarization()).segments

    assert [("好的。", False), ("嗯。", True)] == [(segment.text, segment.unsure) for segment in segments]
