"""Minutes as Markdown: parts in the order of the template, each statement with the times of its evidence."""

from collections.abc import Callable, Iterator, Sequence

from backend.minutes.schema import Action, MinutesContent, Statement
from backend.minutes.templates import PARTS, Template
from backend.transcripts.document import Document
from backend.transcripts.export import clock, escape_markdown
from backend.transcripts.written_form import AS_IS, WrittenForm

#: Title, staleness, doubt, coverage and its unit.
_LABELS = {
    "zh": ("会议纪要", "依据的文稿之后有改动，本纪要可能已经过时。", "存疑", "覆盖", "段"),
    "en": ("Minutes", "The transcript was changed since: these minutes may be out of date.", "doubtful", "Covers", ""),
}


def labels(language: str, form: WrittenForm) -> tuple[str, ...]:
    return tuple(map(form.write, _LABELS["zh" if language == "zh" else "en"]))


def markdown(
    minutes: MinutesContent,
    document: Document,
    template: Template,
    title: str,
    *,
    stale: bool = False,
    form: WrittenForm = AS_IS,
) -> str:
    """The whole file. Spoken text is escaped and never becomes markup. `form` is for the labels."""
    chinese = minutes.language == "zh"
    words = labels(minutes.language, form)
    times = {segment.id: clock(segment.start) for segment in document.segments}

    def render(one: Statement) -> str:
        places = ", ".join(escape_markdown(times[id]) for id in one.evidence[:5] if id in times)
        doubt = f" ⟨{words[2]}⟩" if one.doubtful else ""
        return f"{escape_markdown(one.text)}{doubt}" + (f" *{places}*" if places else "")

    parts = [f"# {escape_markdown(minutes.title or title or words[0])}"]
    if stale:
        parts.append(f"> {words[1]}")
    for part in template.parts:
        if lines := list(_PARTS[part](minutes, render)):
            parts.append(f"## {form.write(PARTS[part][not chinese])}")
            parts.append("\n".join(lines))
    coverage = minutes.coverage
    if coverage.covered < coverage.segments:
        parts.append(f"> {words[3]} {coverage.covered} / {coverage.segments} {words[4]}".rstrip())
    return "\n\n".join(parts) + "\n"


_Renderer = Callable[[Statement], str]


def _listed(statements: Sequence[Statement], render: _Renderer) -> Iterator[str]:
    yield from (f"- {render(one)}" for one in statements)


def _actions(actions: Sequence[Action], render: _Renderer) -> Iterator[str]:
    for one in actions:
        lead = " · ".join(escape_markdown(fact) for fact in (one.who, one.when) if fact)
        yield f"- [ ] {f'**{lead}** ' if lead else ''}{render(one)}"


def _topics(minutes: MinutesContent, render: _Renderer) -> Iterator[str]:
    for topic in minutes.topics:
        span = f"{escape_markdown(clock(topic.start))}–{escape_markdown(clock(topic.end))}"
        yield f"- **{escape_markdown(topic.title)}** {span}"
        yield from (f"  - {render(point)}" for point in topic.points)


_PARTS: dict[str, Callable[[MinutesContent, _Renderer], Iterator[str]]] = {
    "headline": lambda minutes, render: iter([f"**{render(minutes.headline)}**"] if minutes.headline else []),
    "overview": lambda minutes, render: _listed(minutes.overview, render),
    "decisions": lambda minutes, render: _listed(minutes.decisions, render),
    "actions": lambda minutes, render: _actions(minutes.actions, render),
    "questions": lambda minutes, render: _listed(minutes.questions, render),
    "topics": _topics,
    "speakers": lambda minutes, render: (
        f"- **{escape_markdown(one.name)}** {render(one)}" for one in minutes.speakers
    ),
    "keywords": lambda minutes, render: iter(
        [" · ".join(map(escape_markdown, minutes.keywords))] if minutes.keywords else []
    ),
}
