"""Decides which voice of a recording may be which person. It prefers no answer to a wrong one.

A pair is suggested if each is the other's best, their similarity reaches the threshold, and both have nobody else
within the margin. A threshold alone names more strangers the more people there are; the margin does not. The figures
are in `docs/people.md`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from backend.people.vectors import Heard, cosine

#: A similarity this far above the threshold is as high as the same person in a clean recording.
_STRONG = 0.15


@dataclass(frozen=True, slots=True)
class MatchRules:
    """Similarities are cosines, -1 to 1."""

    threshold: float = 0.55
    margin: float = 0.10  #: to the next person for this voice, and to the next voice for this person
    profile_seconds: float = 10.0  #: a profile of less speech is not compared
    voice_seconds: float = 3.0  #: nor is a voice of less


@dataclass(frozen=True, slots=True)
class Match:
    speaker: str
    person: str
    similarity: float
    strong: bool


def match(
    voices: Mapping[str, Heard],
    profiles: Mapping[str, Heard],
    rules: MatchRules,
    refused: Collection[tuple[str, str]] = (),
) -> list[Match]:
    """At most one person for each speaker, and one speaker for each person; in the order of the voices. `refused` are
    pairs of speaker and person that somebody has said are wrong: they are as if they were not alike at all."""
    similarities = {
        (speaker, person): cosine(voice.vector, profile.vector)
        for speaker, voice in voices.items()
        if voice.seconds >= rules.voice_seconds
        for person, profile in profiles.items()
        if profile.seconds >= rules.profile_seconds and (speaker, person) not in refused
    }
    by_speaker, by_person = _ranked(similarities, 0), _ranked(similarities, 1)
    return [
        Match(speaker, person, similarity, similarity >= rules.threshold + _STRONG)
        for (speaker, person), similarity in similarities.items()
        if similarity >= rules.threshold
        and _is_clear(similarity, by_speaker[speaker], rules.margin)
        and _is_clear(similarity, by_person[person], rules.margin)
    ]


def _ranked(similarities: Mapping[tuple[str, str], float], side: int) -> dict[str, list[float]]:
    """The similarities of each speaker (side 0) or person (side 1), the highest first."""
    found: dict[str, list[float]] = {}
    for pair, similarity in similarities.items():
        found.setdefault(pair[side], []).append(similarity)
    return {key: sorted(values, reverse=True) for key, values in found.items()}


def _is_clear(similarity: float, ranked: list[float], margin: float) -> bool:
    """Whether it is the highest, and no other one is within the margin. Equal ones are never clear."""
    if similarity < ranked[0]:
        return False
    return len(ranked) == 1 or (ranked[1] < similarity and similarity - ranked[1] >= margin)
