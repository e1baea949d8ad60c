"""Minutes of a document of any length: notes of every section, then what stands over them. Nothing without evidence."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backend.engines.language import LanguageModelError, tokens_of
from backend.minutes.asking import Asking, nothing_at_all, too_little
from backend.minutes.assembly import Notes, assemble
from backend.minutes.cleaning import cleaned
from backend.minutes.drafts import Said, SectionDraft, WholeDraft
from backend.minutes.form import MinutesForm
from backend.minutes.prompts import section_prompt, whole_prompt
from backend.minutes.sections import Line, Section, cut, fenced, legend, lines_of, segment_at
from backend.minutes.templates import Template
from backend.minutes.windows import Progress, side_by_side
from backend.transcripts.document import Document

#: A larger section is read less closely, however much the model could hold.
_LARGEST_SECTION = 12_000
#: How often a section that came to nothing is tried in two halves.
_HALVINGS = 2
#: Where a smaller section helps, whatever came of the others; and where none does.
_TOO_LONG = ("language_model_context", "language_model_truncated")
_WHATEVER_SIZE = ("language_model_key", "language_model_unknown", "language_model_address")


@dataclass(frozen=True, slots=True)
class Written:
    """Minutes, and what went wrong on the way: {"code", "detail"}."""

    minutes: MinutesForm
    warnings: list[dict[str, str]]


async def summarize(
    document: Document,
    template: Template,
    language: str,
    asking: Asking,
    progress: Progress,
    *,
    patient: bool = False,
) -> Written:
    """Raises LanguageModelError where nothing at all came of it; and, where `patient`, also for the first section that
    may succeed later. Sections that came to nothing are named in the coverage, and in a warning."""
    system = section_prompt(template, language)
    room = min(asking.room(system, asking.answer_tokens), _LARGEST_SECTION) - tokens_of(legend(document))
    if room < 300:
        raise too_little()
    lines = await asyncio.to_thread(lines_of, document, room // 4)
    notes = await _all_notes(cut(lines, room), document, system, asking, progress, patient)
    if lines and not any(note.draft for note in notes):
        raise nothing_at_all(next((note.code for note in notes if note.code), "language_model_failed"))
    warnings = _gaps(notes, document)
    whole = await _over_all(notes, document, template, language, asking, patient, warnings)
    # Hours of statements are compared with each other: that is no work for the event loop.
    minutes = await asyncio.to_thread(assemble, notes, whole, document, language, asking.tally)
    return Written(minutes, warnings)


async def _all_notes(
    sections: Sequence[Section],
    document: Document,
    system: str,
    asking: Asking,
    progress: Progress,
    patient: bool,
) -> list[Notes]:
    done = 0.0

    async def of_one(section: Section) -> SectionDraft | LanguageModelError:
        nonlocal done
        found = await _draft(section, document, system, asking, patient)
        own = section.own
        done += segment_at(document, own[-1].number).end - segment_at(document, own[0].number).start
        progress(min(done, document.duration), document.duration)
        return found

    found = await side_by_side(of_one(section) for section in sections)
    # A model that has nothing to say to any section is not asked six times as much.
    able = len(sections) == 1 or any(isinstance(one, SectionDraft) for one in found)

    async def once_more(section: Section, one: SectionDraft | LanguageModelError) -> list[Notes]:
        if isinstance(one, SectionDraft):
            return [Notes(section, one)]
        if able or one.code in _TOO_LONG:
            return await _halved(section, one, document, system, asking, patient, _HALVINGS)
        return [Notes(section, None, one.code)]

    pairs = zip(sections, found, strict=True)
    return [note for notes in await side_by_side(once_more(*pair) for pair in pairs) for note in notes]


async def _draft(
    section: Section, document: Document, system: str, asking: Asking, patient: bool
) -> SectionDraft | LanguageModelError:
    """What a model says of one section, or why it says nothing."""
    names = legend(document)
    prompt = fenced([*([names] if names else []), *(line.text for line in section.lines)])
    try:
        return await asking.fill_in(SectionDraft, system, prompt, asking.answer_tokens)
    except LanguageModelError as error:
        if error.retry and patient:
            raise
        return error


async def _halved(
    section: Section,
    error: LanguageModelError,
    document: Document,
    system: str,
    asking: Asking,
    patient: bool,
    halvings: int,
) -> list[Notes]:
    """Notes of the halves of a section that came to nothing, and of theirs, where a smaller one may help."""
    if error.retry or error.code in _WHATEVER_SIZE or halvings == 0 or len(section.own) < 2:
        return [Notes(section, None, error.code)]
    notes: list[Notes] = []
    for half in section.halves():
        one = await _draft(half, document, system, asking, patient)
        if isinstance(one, SectionDraft):
            notes.append(Notes(half, one))
        else:
            notes += await _halved(half, one, document, system, asking, patient, halvings - 1)
    return notes


async def _over_all(
    notes: Sequence[Notes],
    document: Document,
    template: Template,
    language: str,
    asking: Asking,
    patient: bool,
    warnings: list[dict[str, str]],
) -> WholeDraft | None:
    system = whole_prompt(template, language)
    room = asking.room(system, asking.answer_tokens) - tokens_of(legend(document))
    lines = [line for note in notes if note.draft for line in _told(note.draft, note.section.numbers)]
    try:
        while lines:
            groups = cut([Line(0, line, tokens_of(line) + 1) for line in lines], room)
            wholes = []
            for group in groups:
                texts = [line.text for line in group.own]
                prompt = fenced([legend(document), *texts] if legend(document) else texts)
                wholes.append(await asking.fill_in(WholeDraft, system, prompt, asking.answer_tokens))
            if len(wholes) == 1:
                return wholes[0]
            told = [line for draft in wholes for line in _told(draft, None)]
            if len(told) >= len(lines):  # it does not get shorter: better the first part than none
                return wholes[0]
            lines = told
    except LanguageModelError as error:
        if error.retry and patient:
            raise
        warnings.append({"code": error.code, "detail": "The minutes have no overview of the whole. Make them again."})
    return None


def _told(draft: SectionDraft | WholeDraft, allowed: Collection[int] | None) -> list[str]:
    """Notes as lines of data for the next question: `[3 5] 内容`. What names no line that was shown is left out."""
    said: list[tuple[str, Said]] = []
    if isinstance(draft, SectionDraft):
        said += [("", one) for one in draft.summary[:5]]
        said += [("决定: ", one) for one in draft.decisions[:3]]
    else:
        said += [("", one) for one in (draft.headline, *draft.overview[:8])]
    said += [(f"@{voice.s.strip().lstrip('@')[:3]} ", voice) for voice in draft.speakers[:6]]
    lines = []
    for lead, one in said:
        numbers = [number for number in one.n if allowed is None or number in allowed][:6]
        if numbers and one.t.strip():
            lines.append(f"[{' '.join(map(str, numbers))}] {lead}{cleaned(one.t, 200)}")
    return lines


def _gaps(notes: Sequence[Notes], document: Document) -> list[dict[str, str]]:
    missed = [note for note in notes if note.draft is None]
    if not missed:
        return []
    spans = [(segment_at(document, note.section.own[0].number), note.section.own[-1].number) for note in missed[:5]]
    places = ", ".join(f"{first.start:.0f}–{segment_at(document, last).end:.0f} s" for first, last in spans)
    told = f"The language model gave nothing for {len(missed)} of {len(notes)} sections ({places}). Make them again."
    return [{"code": "minutes_gaps", "detail": told}]
