"""Minutes as Markdown: the parts of a template in its order, each statement with the times where it was said."""

from collections.abc import Callable, Iterator, Sequence

from backend.minutes.form import Action, MinutesForm, Statement
from backend.minutes.templates import PARTS, Template
from backend.transcripts.document import Document
from backend.transcripts.export import clock, escaped

#: Title, staleness, doubt, coverage and its unit, for people.
WORDS = {
    "zh": ("会议纪要", "依据的文稿之后有改动，本纪要可能已经过时。", "存疑", "覆盖", "段"),
    "en": ("Minutes", "The transcript was changed since: these minutes may be out of date.", "doubtful", "Covers", ""),
}


def markdown(minutes: MinutesForm, document: Document, template: Template, title: str, *, stale: bool = False) -> str:
    """The whole file. What was said never becomes markup."""
    chinese = minutes.language == "zh"
    words = WORDS["zh" if chinese else "en"]
    times = {segment.id: clock(segment.start) for segment in document.segments}

    def said(one: Statement) -> str:
        places = ", ".join(escaped(times[id]) for id in one.evidence[:5] if id in times)
        doubt = f" ⟨{words[2]}⟩" if one.doubtful else ""
        return f"{escaped(one.text)}{doubt}" + (f" *{places}*" if places else "")

    parts = [f"# {escaped(minutes.title or title or words[0])}"]
    if stale:
        parts.append(f"> {words[1]}")
    for part in template.parts:
        if lines := list(_PARTS[part](minutes, said)):
            parts.append(f"## {PARTS[part][not chinese]}")
            parts.append("\n".join(lines))
    coverage = minutes.coverage
    if coverage.covered < coverage.segments:
        parts.append(f"> {words[3]} {coverage.covered} / {coverage.segments} {words[4]}".rstrip())
    return "\n\n".join(parts) + "\n"


_Said = Callable[[Statement], str]


def _listed(statements: Sequence[Statement], said: _Said) -> Iterator[str]:
    yield from (f"- {said(one)}" for one in statements)


def _actions(actions: Sequence[Action], said: _Said) -> Iterator[str]:
    for one in actions:
        lead = " · ".join(escaped(fact) for fact in (one.who, one.when) if fact)
        yield f"- [ ] {f'**{lead}** ' if lead else ''}{said(one)}"


def _topics(minutes: MinutesForm, said: _Said) -> Iterator[str]:
    for topic in minutes.topics:
        yield f"- **{escaped(topic.title)}** {escaped(clock(topic.start))}–{escaped(clock(topic.end))}"
        yield from (f"  - {said(point)}" for point in topic.points)


_PARTS: dict[str, Callable[[MinutesForm, _Said], Iterator[str]]] = {
    "headline": lambda minutes, said: iter([f"**{said(minutes.headline)}**"] if minutes.headline else []),
    "overview": lambda minutes, said: _listed(minutes.overview, said),
    "decisions": lambda minutes, said: _listed(minutes.decisions, said),
    "actions": lambda minutes, said: _actions(minutes.actions, said),
    "questions": lambda minutes, said: _listed(minutes.questions, said),
    "topics": _topics,
    "speakers": lambda minutes, said: (f"- **{escaped(one.name)}** {said(one)}" for one in minutes.speakers),
    "keywords": lambda minutes, said: iter([" · ".join(map(escaped, minutes.keywords))] if minutes.keywords else []),
}
