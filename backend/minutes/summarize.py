"""Minutes of a document of any length: notes of every section, then a summary of the notes."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backend.engines.language_model_protocol import LanguageModelError, estimate_tokens
from backend.minutes.answer_schemas import DraftStatement, SectionDraft, WholeDraft
from backend.minutes.assembly import Notes, assemble
from backend.minutes.cached_model import TOO_LONG, CachedModel, context_too_small, no_usable_answer, reads_less
from backend.minutes.cleaning import sanitize_answer
from backend.minutes.prompts import section_prompt, whole_prompt
from backend.minutes.schema import MinutesContent
from backend.minutes.sections import Line, Section, fence, lines_of, segment_at, speaker_legend, split_into_sections
from backend.minutes.templates import Template
from backend.minutes.windows import Progress, gather_or_cancel
from backend.transcripts.document import Document

#: Models read larger sections less accurately, even within their context size.
_MAX_SECTION_TOKENS = 12_000
#: How often a failed section is split in half and tried again.
_HALVINGS = 2
#: Errors that no smaller section avoids.
_SIZE_INDEPENDENT = (
    *("language_model_key", "language_model_unknown", "language_model_address"),
    *("language_model_balance", "language_model_web_page"),
)


@dataclass(frozen=True, slots=True)
class SummaryResult:
    """Minutes, and warnings: {"code", "detail"}."""

    minutes: MinutesContent
    warnings: list[dict[str, str]]


async def summarize(
    document: Document,
    template: Template,
    language: str,
    cached_model: CachedModel,
    progress: Progress,
    *,
    fail_on_retryable: bool = False,
) -> SummaryResult:
    """Raises LanguageModelError where every section failed; with `fail_on_retryable`, also for the first section that
    may succeed later. Other failed sections are named in the coverage and in a warning."""
    system = section_prompt(template, language)
    notes = await read_sections(document, system, cached_model, progress, fail_on_retryable=fail_on_retryable)
    warnings = _gaps(notes, document)
    whole = await _summarize_notes(notes, document, template, language, cached_model, fail_on_retryable, warnings)
    # Comparing hours of statements would block the event loop.
    minutes = await asyncio.to_thread(assemble, notes, whole, document, language, cached_model.usage)
    return SummaryResult(minutes, warnings)


async def read_sections(
    document: Document,
    system: str,
    cached_model: CachedModel,
    progress: Progress,
    *,
    fail_on_retryable: bool = False,
) -> list[Notes]:
    """Notes of all sections, of those that failed with their errors. Raises as `summarize` does."""
    budget = _section_budget(system, document, cached_model)
    if budget < 300:
        raise context_too_small()
    lines = await asyncio.to_thread(lines_of, document, budget // 4)
    notes = await _all_notes(
        split_into_sections(lines, budget), document, system, cached_model, progress, fail_on_retryable
    )
    if lines and not any(note.draft for note in notes):
        raise no_usable_answer(next(note.error for note in notes if note.error))
    return notes


async def _all_notes(
    sections: Sequence[Section],
    document: Document,
    system: str,
    cached_model: CachedModel,
    progress: Progress,
    fail_on_retryable: bool,
) -> list[Notes]:
    done = 0.0

    async def read_one(section: Section) -> SectionDraft | LanguageModelError:
        nonlocal done
        found = await _draft(section, document, system, cached_model, fail_on_retryable)
        own = section.own
        done += segment_at(document, own[-1].number).end - segment_at(document, own[0].number).start
        progress(min(done, document.duration), document.duration)
        return found

    found = await gather_or_cancel(read_one(section) for section in sections)
    # Where every section failed, halves would only multiply the calls.
    any_answered = len(sections) == 1 or any(isinstance(one, SectionDraft) for one in found)

    async def notes_of(section: Section, one: SectionDraft | LanguageModelError) -> list[Notes]:
        if isinstance(one, SectionDraft):
            return [Notes(section, one)]
        if any_answered or one.code in TOO_LONG:
            return await _retry_in_halves(section, one, document, system, cached_model, fail_on_retryable, _HALVINGS)
        return [Notes(section, None, one)]

    pairs = zip(sections, found, strict=True)
    return [note for notes in await gather_or_cancel(notes_of(*pair) for pair in pairs) for note in notes]


def _section_budget(system: str, document: Document, cached_model: CachedModel) -> int:
    """The most tokens of one section's lines."""
    tokens = min(cached_model.data_tokens(system, cached_model.answer_tokens), _MAX_SECTION_TOKENS)
    return tokens - estimate_tokens(speaker_legend(document))


async def _draft(
    section: Section, document: Document, system: str, cached_model: CachedModel, fail_on_retryable: bool
) -> SectionDraft | LanguageModelError:
    """The model's notes of one section, or the error."""
    names = speaker_legend(document)
    prompt = fence([*([names] if names else []), *(line.text for line in section.lines)])
    try:
        return await cached_model.complete_json(SectionDraft, system, prompt, cached_model.answer_tokens)
    except LanguageModelError as error:
        if error.retry and fail_on_retryable:
            raise
        return error


async def _retry_in_halves(
    section: Section,
    error: LanguageModelError,
    document: Document,
    system: str,
    cached_model: CachedModel,
    fail_on_retryable: bool,
    halvings: int,
) -> list[Notes]:
    """Notes of the parts of a failed section, split further where that may help."""
    if error.retry or error.code in _SIZE_INDEPENDENT or halvings == 0 or len(section.own) < 2:
        return [Notes(section, None, error)]
    notes: list[Notes] = []
    # The endpoint may have been found to read less than was thought.
    budget = max(_section_budget(system, document, cached_model), 300)
    too_long = sum(line.tokens for line in section.lines) > budget
    for half in split_into_sections(section.own, budget) if too_long else section.split_in_half():
        one = await _draft(half, document, system, cached_model, fail_on_retryable)
        if isinstance(one, SectionDraft):
            notes.append(Notes(half, one))
        else:
            notes += await _retry_in_halves(half, one, document, system, cached_model, fail_on_retryable, halvings - 1)
    return notes


async def _summarize_notes(
    notes: Sequence[Notes],
    document: Document,
    template: Template,
    language: str,
    cached_model: CachedModel,
    fail_on_retryable: bool,
    warnings: list[dict[str, str]],
) -> WholeDraft | None:
    system = whole_prompt(template, language)
    lines = [line for note in notes if note.draft for line in _note_lines(note.draft, note.section.numbers)]
    while True:
        context_tokens = cached_model.model.context_tokens
        try:
            return await _join_notes(lines, system, speaker_legend(document), cached_model)
        except LanguageModelError as error:
            if reads_less(error, cached_model.model, context_tokens):
                continue
            if error.retry and fail_on_retryable:
                raise
            detail = "The minutes have no overview of the whole. Make them again."
            warnings.append({"code": error.code, "detail": detail})
            return None


async def _join_notes(lines: list[str], system: str, names: str, cached_model: CachedModel) -> WholeDraft | None:
    """The summary of the notes, in as many rounds as it takes; None where there are none."""
    while lines:
        budget = cached_model.data_tokens(system, cached_model.answer_tokens) - estimate_tokens(names)
        groups = split_into_sections([Line(0, line, estimate_tokens(line) + 1) for line in lines], budget)
        wholes = []
        for group in groups:
            texts = [line.text for line in group.own]
            prompt = fence([names, *texts] if names else texts)
            wholes.append(await cached_model.complete_json(WholeDraft, system, prompt, cached_model.answer_tokens))
        shorter = [line for draft in wholes for line in _note_lines(draft, None)]
        if len(wholes) == 1 or len(shorter) >= len(lines):  # where it does not get shorter, the first part is used
            return wholes[0]
        lines = shorter
    return None


def _note_lines(draft: SectionDraft | WholeDraft, allowed: Collection[int] | None) -> list[str]:
    """Notes as lines of data for the next prompt: `[3 5] 内容`. Notes without a line that was shown are left out."""
    statements: list[tuple[str, DraftStatement]] = []
    if isinstance(draft, SectionDraft):
        statements += [("", one) for one in draft.summary[:5]]
        statements += [("决定: ", one) for one in draft.decisions[:3]]
    else:
        statements += [("", one) for one in (draft.headline, *draft.overview[:8])]
    statements += [(f"@{voice.s.strip().lstrip('@')[:3]} ", voice) for voice in draft.speakers[:6]]
    lines = []
    for lead, one in statements:
        numbers = [number for number in one.n if allowed is None or number in allowed][:6]
        if numbers and one.t.strip():
            lines.append(f"[{' '.join(map(str, numbers))}] {lead}{sanitize_answer(one.t, 200)}")
    return lines


def _gaps(notes: Sequence[Notes], document: Document) -> list[dict[str, str]]:
    missed = [note for note in notes if note.draft is None]
    if not missed:
        return []
    spans = [(segment_at(document, note.section.own[0].number), note.section.own[-1].number) for note in missed[:5]]
    places = ", ".join(f"{first.start:.0f}–{segment_at(document, last).end:.0f} s" for first, last in spans)
    shorter = (
        f"The language model gave no answer for {len(missed)} of {len(notes)} sections ({places}). Make them again."
    )
    return [{"code": "minutes_gaps", "detail": shorter}]
