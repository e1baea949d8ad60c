"""Finds lines relevant to a question with BM25: character pairs for Chinese, words for everything else."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from backend.minutes.sections import Line

_WORD = re.compile(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*")
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]+")
#: Character pairs of question words, which are ignored.
_QUESTION_PAIRS = (
    "什么 怎么 怎样 如何 哪些 哪个 哪里 多少 几个 为何 谁的 是谁 是否 有没 没有 请问 我们 他们 你们 这个 那个 "
    "一下 会议 讨论 提到 说了 的是 是什 么时 时候 有哪 了什 了哪 为什 些什"
)
_STOP_PAIRS = frozenset(_QUESTION_PAIRS.split())
_FREQUENT, _LENGTH = 1.2, 0.75


class Index:
    """An index of the lines of one document. Building it takes a second for twelve hours: do it in a thread."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._counts = [Counter(terms(line.text.partition(": ")[2])) for line in lines]
        self._sizes = [sum(counts.values()) for counts in self._counts]
        self._mean = sum(self._sizes) / (len(lines) or 1) or 1.0
        self._places: dict[str, list[int]] = {}
        for place, counts in enumerate(self._counts):
            for term in counts:
                self._places.setdefault(term, []).append(place)

    def find(self, question: str, limit: int = 24) -> list[int]:
        """Indexes of the most relevant lines, the best first; empty where no line is relevant."""
        scores: dict[int, float] = {}
        for term in set(terms(question)) - _STOP_PAIRS:
            places = self._places.get(term, ())
            rare = math.log(1 + (len(self.lines) - len(places) + 0.5) / (len(places) + 0.5))
            for place in places:
                count = self._counts[place][term]
                share = 1 - _LENGTH + _LENGTH * self._sizes[place] / self._mean
                scores[place] = scores.get(place, 0.0) + rare * count * (_FREQUENT + 1) / (count + _FREQUENT * share)
        return sorted(scores, key=lambda place: (-scores[place], place))[:limit]


def terms(text: str) -> list[str]:
    """Words of Latin letters and digits, and every pair of adjacent Chinese characters."""
    text = text.lower()
    found = _WORD.findall(text)
    for run in _HAN.findall(text):
        found += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    return found
