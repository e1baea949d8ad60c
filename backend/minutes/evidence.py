"""Statements of a model need segments as evidence; statements without evidence are dropped and counted."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from backend.minutes.cleaning import sanitize_answer
from backend.minutes.schema import Statement
from backend.minutes.sections import segment_at
from backend.speech.number_values import number_values
from backend.speech.text import is_wide, spoken_characters
from backend.transcripts.document import Document

_LABEL = re.compile(r"@(\d{1,3})(?!\d)")


#: Words for kinds of meetings, which may be in a title although nobody has said them.
_MEETING_WORDS = "会议 纪要 周会 例会 月会 晨会 讨论 评审 访谈 面试 沟通 总结 记录"


class EvidenceChecker:
    """Checks statements against a document. `dropped` counts those without evidence."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.dropped = 0

    def statement(
        self,
        text: str,
        numbers: Iterable[int],
        allowed: Collection[int],
        max_length: int = 1000,
        facts: Iterable[str] = (),
    ) -> Statement | None:
        """The statement with segment ids for line numbers, or None where none of the lines was shown to the model.
        `facts` are further claims about the same lines."""
        plain = sanitize_answer(text, max_length)
        named_text = self.with_names(plain)
        known = [number for number in dict.fromkeys(numbers) if number in allowed]
        if not named_text or not known:
            self.dropped += bool(named_text)
            return None
        source = _SourceText(" ".join(segment_at(self.document, number).text for number in known))
        ids = [segment_at(self.document, number).id for number in known]
        doubtful = any(not source.supports(one) for one in (_LABEL.sub("", plain), *facts) if one)
        return Statement(text=named_text, evidence=ids, doubtful=doubtful)

    def supports(self, text: str) -> bool:
        """Whether the document supports a heading or a keyword, which names no lines."""
        return self._whole.supports(_LABEL.sub("", text))

    def with_names(self, text: str) -> str:
        """The text with the speakers' names in place of their numbers."""
        return _LABEL.sub(lambda found: self._name(int(found[1]), found[0]), text)

    def speaker(self, label: str) -> str | None:
        """The id of the speaker with this number, or with this name if only one speaker has it."""
        number = re.fullmatch(r"\s*@?(\d{1,3})\s*", label)
        if number:
            place = int(number[1])
            return self.document.speakers[place - 1].id if 1 <= place <= len(self.document.speakers) else None
        with_names = [one.id for one in self.document.speakers if one.name and one.name == label.strip()]
        return with_names[0] if len(with_names) == 1 else None

    @cached_property
    def _whole(self) -> "_SourceText":
        return _SourceText(" ".join([_MEETING_WORDS, *(segment.text for segment in self.document.segments)]))

    def _name(self, place: int, unknown: str) -> str:
        if place == 0:
            return "未知发言人"
        if place > len(self.document.speakers):
            return unknown
        return sanitize_answer(self.document.speaker_name(self.document.speakers[place - 1].id), 64)


def indexes_without_duplicates(statements: Sequence[Statement]) -> list[int]:
    """Indexes of the statements that repeat no earlier one; adjacent sections share some lines."""
    distinct: list[int] = []
    seen: list[tuple[frozenset[str], frozenset[str]]] = []
    for place, statement in enumerate(statements):
        pairs, ids = _bigrams(statement.text), frozenset(statement.evidence)
        if any(_similarity(pairs, other) >= (0.5 if ids & where else 0.95) for other, where in seen):
            continue
        distinct.append(place)
        seen.append((pairs, ids))
    return distinct


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (len(one | other) or 1)


def _bigrams(text: str) -> frozenset[str]:
    spoken = spoken_characters(text)
    return frozenset(spoken[at : at + 2] for at in range(max(len(spoken) - 1, 1)))


class _SourceText:
    """A part of the transcript, to compare with a statement about it."""

    def __init__(self, text: str) -> None:
        self._numbers = frozenset(number_values(text))
        self._bigrams = _bigrams(text)
        self._chinese = any(map(is_wide, spoken_characters(text)))

    def supports(self, text: str) -> bool:
        """False where a number in `text` was not said, or none of its words was."""
        if not self._numbers.issuperset(number_values(text)):
            return False
        if not self._chinese or not any(map(is_wide, spoken_characters(text))):
            return True  # different languages cannot be compared
        return bool(_bigrams(text) & self._bigrams)
