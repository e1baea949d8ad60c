"""Sounds that pass for speech in a recording of noise or music: an 啊 of nobody, a second that nobody understands."""

from collections.abc import Sequence
from dataclasses import replace

from backend.speech.text import spoken_characters
from backend.speech.types import Sentence

#: Interjections: a recogniser writes them for voices without words, and for instruments.
_INTERJECTIONS = frozenset("啊嗯呃哦噢喔唉哎欸哈嘿呀哇呜嘶")
#: Seconds from the next word within which an interjection is a listener's.
_NEAR = 30.0
#: Seconds of a chunk that nobody understands, and their share of a recording without a word.
_SHORT, _SMALL_SHARE = 2.0, 0.01


def mark_isolated_sounds(sentences: Sequence[Sentence], duration: float) -> list[Sentence]:
    """The sentences, in the order of time, one for one. Interjections far from any word are unsure.

    Where a recording has no word at all, its interjections are no speech, nor are short sounds without text, unless
    they make up a hundredth of it: then somebody may have spoken."""
    said = [one for one in sentences if spoken_characters(one.text) and not _is_interjection(one)]
    if said:
        return [replace(one, unsure=True) if _is_interjection(one) and _is_far(one, said) else one for one in sentences]
    sounds = [one for one in sentences if one.error == "unsure"]
    silent = all(one.end - one.start <= _SHORT for one in sounds) and (
        sum(one.end - one.start for one in sounds) < _SMALL_SHARE * duration
    )
    return [
        Sentence(one.start, one.end, "") if _is_interjection(one) or (silent and one.error == "unsure") else one
        for one in sentences
    ]


def _is_interjection(sentence: Sentence) -> bool:
    characters = spoken_characters(sentence.text)
    return bool(characters) and _INTERJECTIONS.issuperset(characters)


def _is_far(sentence: Sentence, said: Sequence[Sentence]) -> bool:
    return all(one.start - sentence.end > _NEAR or sentence.start - one.end > _NEAR for one in said)
