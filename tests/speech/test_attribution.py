from backend.speech.attribution import attribute
from backend.speech.pieces import split_into_pieces
from backend.speech.timeline import ActiveVoices, Turns
from backend.speech.types import Diarization, Sentence, Turn, Word
from tests.speech.talk import STEP, said, spoken


def voices(sentences: list[Sentence], diarization: Diarization) -> str:
    """One letter per piece; "-" for no voice."""
    found = attribute(split_into_pieces(sentences), Turns(diarization.exclusive), ActiveVoices(diarization.turns))
    return "".join(voice or "-" for voice in found)


def at(words: float) -> float:
    return words * STEP


def test_each_character_gets_the_voice_of_its_turn() -> None:
    talk = [said("我们开始吧。好的没问题。")]

    assert voices(talk, spoken(("A", 0, at(5)), ("B", at(5), at(10)))) == "AAAAABBBBB"


def test_characters_far_from_every_turn_have_no_voice() -> None:
    talk = [said("我们开始吧。", 0), said("谁在说话。", 20)]

    assert voices(talk, spoken(("A", 0, at(5)))) == "AAAAA----"


def test_a_short_run_of_another_voice_joins_its_neighbours() -> None:
    talk = [said("我们今天讨论预算问题")]

    assert voices(talk, spoken(("A", 0, at(4)), ("B", at(4), at(6)), ("A", at(6), at(10)))) == "AAAAAAAAAA"


def test_two_slow_characters_are_smoothed_and_three_are_not() -> None:
    slow = [said("我们今天讨论预算问题", step=0.5)]

    assert voices(slow, spoken(("A", 0, 2), ("B", 2, 3), ("A", 3, 5))) == "AAAAAAAAAA"
    assert voices(slow, spoken(("A", 0, 2), ("B", 2, 3.5), ("A", 3.5, 5))) == "AAAABBBAAA"


def test_a_gap_in_the_turns_of_one_voice_is_filled() -> None:
    talk = [said("我们今天讨论预算问题", step=0.5)]

    assert voices(talk, spoken(("A", 0, 1.4), ("A", 3.1, 5))) == "AAAAAAAAAA"


def test_a_short_run_between_different_voices_stays() -> None:
    talk = [said("我们今天讨论预算问题")]
    turns = spoken(("A", 0, at(4)), ("B", at(4), at(6)), ("C", at(6), at(10)))

    assert voices(talk, turns) == "AAAABBCCCC"


def test_a_backchannel_in_an_overlap_stays_with_its_voice() -> None:
    talk = [said("我们今天嗯对讨论预算")]
    exclusive = spoken(("A", 0, at(4)), ("B", at(4), at(6)), ("A", at(6), at(10))).exclusive
    beside = (Turn("A", 0, at(10)), Turn("B", at(4), at(6)))

    assert voices(talk, Diarization(beside, exclusive)) == "AAAABBAAAA"


def test_other_words_in_an_overlap_are_smoothed() -> None:
    talk = [said("我们今天预算讨论好吧")]
    exclusive = spoken(("A", 0, at(4)), ("B", at(4), at(6)), ("A", at(6), at(10))).exclusive
    beside = (Turn("A", 0, at(10)), Turn("B", at(4), at(6)))

    assert voices(talk, Diarization(beside, exclusive)) == "AAAAAAAAAA"


def test_a_speaker_change_does_not_move_into_a_backchannel() -> None:
    talk = [said("我们今天嗯讨论，预算不够用了")]
    exclusive = spoken(("A", 0, at(4)), ("B", at(4), at(5)), ("A", at(5), at(13))).exclusive
    beside = (Turn("A", 0, at(13)), Turn("B", at(4), at(5)))

    assert voices(talk, Diarization(beside, exclusive)) == "AAAABAAAAAAAA"


def test_a_short_answer_between_pauses_keeps_its_voice() -> None:
    talk = [said("大家都同意吗？", 0), said("是。", 2.5), said("那就这样定了。", 3.5)]

    assert voices(talk, spoken(("A", 0, 1.5), ("B", 2.4, 2.9), ("A", 3.4, 6))) == "AAAAAABAAAAAA"


def test_a_change_moves_to_punctuation_within_four_characters() -> None:
    talk = [said("我们开始吧，没有问题了")]

    assert voices(talk, spoken(("A", 0, at(3)), ("B", at(3), at(10)))) == "AAAAABBBBB"
    assert voices(talk, spoken(("A", 0, at(8)), ("B", at(8), at(10)))) == "AAAAABBBBB"


def test_a_change_does_not_move_to_punctuation_five_characters_away() -> None:
    talk = [said("我们今天开会讨论，没有问题啊")]

    assert voices(talk, spoken(("A", 0, at(3)), ("B", at(3), at(13)))) == "AAABBBBBBBBBB"


def test_a_change_moves_to_a_pause_of_a_fifth_of_a_second() -> None:
    def talk(pause: float) -> list[Sentence]:
        texts = "我们开始吧没有问题了"
        words = tuple(
            Word(text, start := at(n) + (pause if n >= 5 else 0), start + STEP) for n, text in enumerate(texts)
        )
        return [Sentence(0, words[-1].end, texts, words)]

    turns = spoken(("A", 0, at(3)), ("B", at(3), 9))

    assert voices(talk(0.2), turns) == "AAAAABBBBB"
    assert voices(talk(0.15), turns) == "AAABBBBBBB"


def test_a_change_moves_to_the_nearest_place() -> None:
    talk = [said("我，们开始吧。没有问题了")]

    assert voices(talk, spoken(("A", 0, at(2)), ("B", at(2), at(10)))) == "ABBBBBBBBB"


def test_a_full_stop_is_preferred_to_a_comma_at_the_same_distance() -> None:
    talk = [said("我们今天，开会讨论。没问题")]

    assert voices(talk, spoken(("A", 0, at(6)), ("B", at(6), at(11)))) == "AAAAAAAABBB"


def test_no_voice_loses_its_last_character_to_a_moved_change() -> None:
    talk = [said("好，我们开始了，没有问题")]
    turns = spoken(("A", 0, at(3)), ("B", at(3), at(6)), ("C", at(6), at(10)))

    assert set(voices(talk, turns)) == {"A", "B", "C"}


def test_the_boundary_of_an_unknown_speaker_does_not_move() -> None:
    talk = [said("我们开始吧，没有问题了", step=0.5)]

    assert voices(talk, spoken(("A", 0, 1.0))) == "AAAA------"


def test_nothing_is_smoothed_across_a_failed_sentence() -> None:
    talk = [said("我们今天。"), Sentence(1, 2, "", error="engine_failed"), said("对。", 2), said("讨论预算。", 2.25)]
    turns = spoken(("A", 0, 1), ("B", 2, 2.25), ("A", 2.25, 4))

    assert voices(talk, turns) == "AAAA-BAAAA"
