"""Assembles minutes from the notes of all sections: with evidence, without duplicates, in order of the meeting."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from backend.engines.language_model_protocol import LanguageModelError, TokenUsage
from backend.minutes.answer_schemas import DraftAction, DraftSpeakerNote, DraftStatement, SectionDraft, WholeDraft
from backend.minutes.cleaning import sanitize_answer
from backend.minutes.evidence import EvidenceChecker, indexes_without_duplicates
from backend.minutes.schema import (
    Action,
    Coverage,
    LanguageModelUsage,
    MinutesContent,
    SectionCoverage,
    SpeakerNote,
    Statement,
    Topic,
)
from backend.minutes.sections import Section, segment_at
from backend.transcripts.document import Document

SomeStatement = TypeVar("SomeStatement", bound=Statement)


@dataclass(frozen=True, slots=True)
class Notes:
    """The result of one section: a draft, or the error that says why there is none."""

    section: Section
    draft: SectionDraft | None
    error: LanguageModelError | None = None


def assemble(
    notes: Sequence[Notes], whole: WholeDraft | None, document: Document, language: str, usage: TokenUsage
) -> MinutesContent:
    checker = EvidenceChecker(document)
    seen = frozenset(number for note in notes if note.draft for number in note.section.numbers)
    summary: list[Statement] = []
    decisions: list[Statement] = []
    questions: list[Statement] = []
    actions: list[Action] = []
    topics: list[Topic] = []
    speaker_notes: list[SpeakerNote] = []
    keywords: list[str] = []
    for note in notes:
        if note.draft is None:
            continue
        allowed = note.section.numbers
        summary += _check_statements(note.draft.summary, allowed, checker)
        decisions += _check_statements(note.draft.decisions, allowed, checker)
        questions += _check_statements(note.draft.questions, allowed, checker)
        actions += [action for task in note.draft.actions if (action := _action(task, allowed, checker))]
        topics += _topics(note.draft, allowed, checker)
        speaker_notes += [voice for one in note.draft.speakers if (voice := _speaker_note(one, allowed, checker))]
        keywords += note.draft.keywords
    overview = summary
    headline = summary[0] if summary else None
    title = ""
    if whole is not None:
        headline = next(iter(_check_statements([whole.headline], seen, checker)), headline)
        overview = _check_statements(whole.overview, seen, checker) or summary
        speaker_notes = [
            voice for one in whole.speakers if (voice := _speaker_note(one, seen, checker))
        ] or speaker_notes
        title, keywords = sanitize_answer(whole.title, 80), whole.keywords or keywords
    words = (sanitize_answer(word, 20) for word in keywords)
    return MinutesContent(
        language=language,
        title=checker.with_names(title) if checker.supports(title) else "",
        headline=headline,
        overview=_distinct(overview),
        topics=_distinct_topics(topics),
        decisions=_distinct(decisions),
        actions=_distinct(actions),
        questions=_distinct(questions),
        speakers=_one_per_speaker(speaker_notes, document),
        keywords=list(dict.fromkeys(word for word in words if word and checker.supports(word)))[:15],
        coverage=_coverage(notes, document),
        dropped=checker.dropped,
        used=LanguageModelUsage(**asdict(usage)),
    )


def _check_statements(
    said: Sequence[DraftStatement], allowed: Collection[int], checker: EvidenceChecker
) -> list[Statement]:
    return [statement for one in said if (statement := checker.statement(one.t, one.n, allowed))]


def _action(task: DraftAction, allowed: Collection[int], checker: EvidenceChecker) -> Action | None:
    speaker, who, when = checker.speaker(task.who), sanitize_answer(task.who, 64), sanitize_answer(task.when, 64)
    # Speakers are known by their number; other people and dates must have been said in the lines.
    statement = checker.statement(task.t, task.n, allowed, facts=(when,) if speaker else (who, when))
    if statement is None:
        return None
    return Action(**statement.model_dump(), who=checker.with_names(who), speaker=speaker, when=when)


def _speaker_note(voice: DraftSpeakerNote, allowed: Collection[int], checker: EvidenceChecker) -> SpeakerNote | None:
    speaker = checker.speaker(voice.s)
    statement = checker.statement(voice.t, voice.n, allowed) if speaker else None
    if statement is None or speaker is None:
        return None
    name = sanitize_answer(checker.document.speaker_name(speaker), 64)
    return SpeakerNote(**statement.model_dump(), speaker=speaker, name=name)


def _topics(draft: SectionDraft, allowed: Collection[int], checker: EvidenceChecker) -> list[Topic]:
    found = []
    for part in draft.topics:
        points = _check_statements(part.points, allowed, checker)
        numbers = [*part.n, *(number for point in part.points for number in point.n)]
        heading = checker.statement(part.t, numbers, allowed, 120)
        if heading is None:
            continue
        known = [segment_at(checker.document, number) for number in numbers if number in allowed]
        start, end = min(one.start for one in known), max(one.end for one in known)
        found.append(Topic(title=heading.text, start=start, end=end, evidence=heading.evidence, points=points))
    return found


def _distinct(statements: Sequence[SomeStatement]) -> list[SomeStatement]:
    return [statements[place] for place in indexes_without_duplicates(statements)]


def _distinct_topics(topics: Sequence[Topic]) -> list[Topic]:
    order = sorted(topics, key=lambda topic: (topic.start, topic.end))
    titles = [Statement(text=topic.title, evidence=topic.evidence) for topic in order]
    return [order[place] for place in indexes_without_duplicates(titles)]


def _one_per_speaker(speaker_notes: Sequence[SpeakerNote], document: Document) -> list[SpeakerNote]:
    """One note for each speaker, in the document's order; notes of several sections are joined."""
    found = []
    for known in document.speakers:
        notes_of_speaker = _distinct([voice for voice in speaker_notes if voice.speaker == known.id])[:5]
        if notes_of_speaker:
            text = "；".join(voice.text.rstrip("。；;. ") for voice in notes_of_speaker)[:1000]
            evidence = list(dict.fromkeys(id for voice in notes_of_speaker for id in voice.evidence))
            doubtful = any(voice.doubtful for voice in notes_of_speaker)
            found.append(
                notes_of_speaker[0].model_copy(update={"text": text, "evidence": evidence, "doubtful": doubtful})
            )
    return found


def _coverage(notes: Sequence[Notes], document: Document) -> Coverage:
    sections = []
    for note in notes:
        first, last = (segment_at(document, note.section.own[place].number) for place in (0, -1))
        size = len({line.number for line in note.section.own})
        sections.append(
            SectionCoverage(
                start=first.start, end=last.end, first=first.id, last=last.id, segments=size,
                covered=note.draft is not None, code=note.error.code if note.error else None,
            )
        )  # fmt: skip
    read = {line.number for note in notes if note.draft for line in note.section.own}
    every = {line.number for note in notes for line in note.section.own}
    return Coverage(segments=len(every), covered=len(read), sections=sections)
