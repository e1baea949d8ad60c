"""The notes of all sections become minutes: grounded, without twins, in the order of the meeting."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from backend.engines.language import Tally
from backend.minutes.cleaning import cleaned
from backend.minutes.drafts import Said, SectionDraft, Task, Voice, WholeDraft
from backend.minutes.evidence import Ground, without_twins
from backend.minutes.form import Action, Coverage, MinutesForm, SectionCovered, SpeakerNote, Statement, Topic, Used
from backend.minutes.sections import Section, segment_at
from backend.transcripts.document import Document

SomeStatement = TypeVar("SomeStatement", bound=Statement)


@dataclass(frozen=True, slots=True)
class Notes:
    """What came of one section: a draft, or the code that says why there is none."""

    section: Section
    draft: SectionDraft | None
    code: str | None = None


def assemble(
    notes: Sequence[Notes], whole: WholeDraft | None, document: Document, language: str, tally: Tally
) -> MinutesForm:
    ground = Ground(document)
    seen = frozenset(number for note in notes if note.draft for number in note.section.numbers)
    summary: list[Statement] = []
    decisions: list[Statement] = []
    questions: list[Statement] = []
    actions: list[Action] = []
    topics: list[Topic] = []
    voices: list[SpeakerNote] = []
    keywords: list[str] = []
    for note in notes:
        if note.draft is None:
            continue
        allowed = note.section.numbers
        summary += _grounded(note.draft.summary, allowed, ground)
        decisions += _grounded(note.draft.decisions, allowed, ground)
        questions += _grounded(note.draft.questions, allowed, ground)
        actions += [action for task in note.draft.actions if (action := _action(task, allowed, ground))]
        topics += _topics(note.draft, allowed, ground)
        voices += [voice for one in note.draft.speakers if (voice := _voice(one, allowed, ground))]
        keywords += note.draft.keywords
    overview = summary
    headline = summary[0] if summary else None
    title = ""
    if whole is not None:
        headline = next(iter(_grounded([whole.headline], seen, ground)), headline)
        overview = _grounded(whole.overview, seen, ground) or summary
        voices = [voice for one in whole.speakers if (voice := _voice(one, seen, ground))] or voices
        title, keywords = cleaned(whole.title, 80), whole.keywords or keywords
    words = (cleaned(word, 20) for word in keywords)
    return MinutesForm(
        language=language,
        title=ground.named(title) if ground.bears(title) else "",
        headline=headline,
        overview=_unlike(overview),
        topics=_unlike_topics(topics),
        decisions=_unlike(decisions),
        actions=_unlike(actions),
        questions=_unlike(questions),
        speakers=_one_each(voices, document),
        keywords=list(dict.fromkeys(word for word in words if word and ground.bears(word)))[:15],
        coverage=_coverage(notes, document),
        dropped=ground.dropped,
        used=Used(**asdict(tally)),
    )


def _grounded(said: Sequence[Said], allowed: Collection[int], ground: Ground) -> list[Statement]:
    return [statement for one in said if (statement := ground.statement(one.t, one.n, allowed))]


def _action(task: Task, allowed: Collection[int], ground: Ground) -> Action | None:
    speaker, who, when = ground.speaker(task.who), cleaned(task.who, 64), cleaned(task.when, 64)
    # Who it is of those who speak is said by the line's number; anybody else, and every date, must have been said.
    statement = ground.statement(task.t, task.n, allowed, facts=(when,) if speaker else (who, when))
    if statement is None:
        return None
    return Action(**statement.model_dump(), who=ground.named(who), speaker=speaker, when=when)


def _voice(voice: Voice, allowed: Collection[int], ground: Ground) -> SpeakerNote | None:
    speaker = ground.speaker(voice.s)
    statement = ground.statement(voice.t, voice.n, allowed) if speaker else None
    if statement is None or speaker is None:
        return None
    name = cleaned(ground.document.speaker_name(speaker), 64)
    return SpeakerNote(**statement.model_dump(), speaker=speaker, name=name)


def _topics(draft: SectionDraft, allowed: Collection[int], ground: Ground) -> list[Topic]:
    found = []
    for part in draft.topics:
        points = _grounded(part.points, allowed, ground)
        numbers = [*part.n, *(number for point in part.points for number in point.n)]
        heading = ground.statement(part.t, numbers, allowed, 120)
        if heading is None:
            continue
        known = [segment_at(ground.document, number) for number in numbers if number in allowed]
        start, end = min(one.start for one in known), max(one.end for one in known)
        found.append(Topic(title=heading.text, start=start, end=end, evidence=heading.evidence, points=points))
    return found


def _unlike(statements: Sequence[SomeStatement]) -> list[SomeStatement]:
    return [statements[place] for place in without_twins(statements)]


def _unlike_topics(topics: Sequence[Topic]) -> list[Topic]:
    order = sorted(topics, key=lambda topic: (topic.start, topic.end))
    titles = [Statement(text=topic.title, evidence=topic.evidence) for topic in order]
    return [order[place] for place in without_twins(titles)]


def _one_each(voices: Sequence[SpeakerNote], document: Document) -> list[SpeakerNote]:
    """One note a speaker, in the document's order; where only sections spoke of them, what they said joined."""
    found = []
    for known in document.speakers:
        mine = _unlike([voice for voice in voices if voice.speaker == known.id])[:5]
        if mine:
            text = "；".join(voice.text.rstrip("。；;. ") for voice in mine)[:1000]
            evidence = list(dict.fromkeys(id for voice in mine for id in voice.evidence))
            doubtful = any(voice.doubtful for voice in mine)
            found.append(mine[0].model_copy(update={"text": text, "evidence": evidence, "doubtful": doubtful}))
    return found


def _coverage(notes: Sequence[Notes], document: Document) -> Coverage:
    sections = []
    for note in notes:
        first, last = (segment_at(document, note.section.own[place].number) for place in (0, -1))
        size = len({line.number for line in note.section.own})
        sections.append(
            SectionCovered(
                start=first.start, end=last.end, first=first.id, last=last.id, segments=size,
                covered=note.draft is not None, code=note.code,
            )
        )  # fmt: skip
    read = {line.number for note in notes if note.draft for line in note.section.own}
    every = {line.number for note in notes for line in note.section.own}
    return Coverage(segments=len(every), covered=len(read), sections=sections)
