"""What a model says counts only with the segments it rests on; what rests on nothing is dropped and counted."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from backend.minutes.cleaning import cleaned
from backend.minutes.form import Statement
from backend.minutes.numerals import numbers_in
from backend.minutes.sections import segment_at
from backend.speech.text import bare, is_wide
from backend.transcripts.document import Document

_LABEL = re.compile(r"@(\d{1,3})(?!\d)")


#: Words for what is held, which nobody has to say there.
_MEETING = "会议 纪要 周会 例会 月会 晨会 讨论 评审 访谈 面试 沟通 总结 记录"


class Ground:
    """The document under the statements. `dropped` counts what could not stand on it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.dropped = 0

    def statement(
        self, text: str, numbers: Iterable[int], allowed: Collection[int], most: int = 1000, facts: Iterable[str] = ()
    ) -> Statement | None:
        """The statement with ids for numbers, or None where none of them is of a line the model was shown. `facts` are
        what else is claimed of the same lines."""
        plain = cleaned(text, most)
        shown = self.named(plain)
        known = [number for number in dict.fromkeys(numbers) if number in allowed]
        if not shown or not known:
            self.dropped += bool(shown)
            return None
        said = _Said(" ".join(segment_at(self.document, number).text for number in known))
        ids = [segment_at(self.document, number).id for number in known]
        doubtful = any(not said.bears(one) for one in (_LABEL.sub("", plain), *facts) if one)
        return Statement(text=shown, evidence=ids, doubtful=doubtful)

    def bears(self, text: str) -> bool:
        """Whether a heading or a keyword, which names no lines, can be of this document at all."""
        return self._whole.bears(_LABEL.sub("", text))

    def named(self, text: str) -> str:
        """The text with people's names where the model wrote their numbers."""
        return _LABEL.sub(lambda found: self._name(int(found[1]), found[0]), text)

    def speaker(self, label: str) -> str | None:
        """The id of the speaker a model means: by number, or by a name that only one has."""
        number = re.fullmatch(r"\s*@?(\d{1,3})\s*", label)
        if number:
            place = int(number[1])
            return self.document.speakers[place - 1].id if 1 <= place <= len(self.document.speakers) else None
        named = [one.id for one in self.document.speakers if one.name and one.name == label.strip()]
        return named[0] if len(named) == 1 else None

    @cached_property
    def _whole(self) -> "_Said":
        return _Said(" ".join([_MEETING, *(segment.text for segment in self.document.segments)]))

    def _name(self, place: int, unknown: str) -> str:
        if place == 0:
            return "未知发言人"
        if place > len(self.document.speakers):
            return unknown
        return cleaned(self.document.speaker_name(self.document.speakers[place - 1].id), 64)


def without_twins(statements: Sequence[Statement]) -> list[int]:
    """Places of the statements that say something new; neighbouring sections see some lines twice."""
    kept: list[int] = []
    seen: list[tuple[frozenset[str], frozenset[str]]] = []
    for place, statement in enumerate(statements):
        pairs, ids = _pairs(statement.text), frozenset(statement.evidence)
        if any(_alike(pairs, other) >= (0.5 if ids & where else 0.95) for other, where in seen):
            continue
        kept.append(place)
        seen.append((pairs, ids))
    return kept


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (len(one | other) or 1)


def _pairs(text: str) -> frozenset[str]:
    heard = bare(text)
    return frozenset(heard[at : at + 2] for at in range(max(len(heard) - 1, 1)))


class _Said:
    """What was said, to hold against what a model says of it."""

    def __init__(self, text: str) -> None:
        self._numbers = frozenset(numbers_in(text))
        self._pairs = _pairs(text)
        self._chinese = any(map(is_wide, bare(text)))

    def bears(self, text: str) -> bool:
        """False where a number of it was not said, or nothing of its words was."""
        if not self._numbers.issuperset(numbers_in(text)):
            return False
        if not self._chinese or not any(map(is_wide, bare(text))):
            return True  # another language: nothing to compare
        return bool(_pairs(text) & self._pairs)
