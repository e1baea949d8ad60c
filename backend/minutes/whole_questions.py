"""Questions about the whole meeting: how they are recognised, and the notes they are answered from."""

import re
from collections.abc import Iterable

from backend.engines.language_model_protocol import LanguageModel, TokenUsage, estimate_tokens
from backend.minutes.assembly import assemble
from backend.minutes.cached_model import CachedModel
from backend.minutes.cleaning import sanitize_for_prompt
from backend.minutes.prompts import language_of, section_prompt
from backend.minutes.schema import MinutesContent, Statement
from backend.minutes.sections import Line
from backend.minutes.summarize import read_sections
from backend.minutes.templates import BUILT_IN, DEFAULT
from backend.transcripts.document import Document

_CHINESE = (
    r"总结|概括|概述|归纳|梳理|回顾|纪要|摘要|重点|要点|核心|主题|议题|待办|行动项|下一步|共识|决议"
    r"|主要(内容|讲|说|聊|讨论|谈|观点|结论|问题|是)"
    r"|(讲|说|聊|讨论|谈|开|干|发生|确定|决定|解决)了?(些|点)?(什么|啥|哪些)"
    r"|(会议|这次|这场|整个|全程|整场|录音).{0,6}(内容|结论|结果|成果|关于)"
    r"|有(什么|哪些|没有什么)(结论|决定|任务|行动|问题|观点|分歧|安排|进展)"
    r"|谁.{0,6}(什么|哪些|啥)|(每个人|每位|大家|各自|各方|分别).{0,10}(说|讲|观点|意见|立场|态度|任务)"
    r"|(有谁|哪些人|几个人|谁参加|参会)"
)
_ENGLISH = (
    r"\b(summar(y|i[sz]e[ds]?)|overview|recap|tl;?dr|gist|takeaways?|highlights?|minutes|main|key points?"
    r"|action items?|next steps?|to-?dos?|decisions?|agenda|participants|attend(ed|ees))\b"
    r"|\bwhat\b.{0,40}\b(about|discuss(ed)?|decided?|agreed?|said|talk(ed)?|happened|concluded?)\b"
    r"|\bwho\b.{0,30}\bwhat\b|\bwho (was|were|is) (there|present|here)\b"
)
_ABOUT_WHOLE = re.compile(f"{_CHINESE}|{_ENGLISH}", re.IGNORECASE)


def is_about_whole(question: str) -> bool:
    """Whether the words of the question ask for the meeting as a whole, which no few lines of it answer."""
    return _ABOUT_WHOLE.search(question) is not None


async def notes_of_whole(
    document: Document, minutes: MinutesContent | None, model: LanguageModel, usage: TokenUsage
) -> MinutesContent:
    """The minutes, where they cover all of the document; else notes of all its sections, which are made now. Raises
    LanguageModelError where a section could not be read: an answer would not be about the whole."""
    if minutes is not None and minutes.coverage.covered == minutes.coverage.segments:
        return minutes
    cached_model = CachedModel(model, usage=usage)
    language = language_of(document.language or "zh")
    system = section_prompt(BUILT_IN[DEFAULT], language)
    notes = await read_sections(document, system, cached_model, lambda _done, _total: None)
    for note in notes:
        if note.error is not None:
            raise note.error
    return assemble(notes, None, document, language, usage)


def note_lines(content: MinutesContent, document: Document, budget: int) -> list[tuple[Line, frozenset[int]]]:
    """The notes as lines of at most `budget` tokens in all, each with the numbers of the lines it is based on:
    `[3 5] 决定: 内容`. What is most about the whole comes first."""
    numbers = {segment.id: number for number, segment in enumerate(document.segments, 1)}
    found: list[tuple[Line, frozenset[int]]] = []
    for label, statement in _statements(content):
        known = list(dict.fromkeys(numbers[id] for id in statement.evidence if id in numbers))[:6]
        text = f"[{' '.join(map(str, known))}] {label}{sanitize_for_prompt(statement.text)}"
        tokens = estimate_tokens(text) + 1
        if known and tokens <= budget:
            budget -= tokens
            found.append((Line(known[0], text, tokens), frozenset(known)))
    return found


def _statements(content: MinutesContent) -> Iterable[tuple[str, Statement]]:
    if content.headline is not None:
        yield "结论: ", content.headline
    yield from (("", one) for one in content.overview)
    yield from (("决定: ", one) for one in content.decisions)
    for action in content.actions:
        details = "，".join(part for part in (action.who, action.when) if part)
        yield f"待办{f'（{details}）' if details else ''}: ", action
    yield from (("未定: ", one) for one in content.questions)
    yield from ((f"{one.name}的发言: ", one) for one in content.speakers)
    for topic in content.topics:
        yield "议题: ", Statement(text=topic.title, evidence=topic.evidence)
        yield from (("", one) for one in topic.points)
