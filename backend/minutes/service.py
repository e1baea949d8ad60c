"""Minutes of one owner's recordings. Versions are added, never changed.

Where a person has edited the newest version, a model's new minutes are an open proposal beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict, InvalidInput, NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.minutes.schema import MinutesContent, Statement
from backend.minutes.search_texts import index_minutes
from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.recordings.tables import not_trashed
from backend.transcripts.tables import Transcript


class MinutesNotFound(NotFound):
    code = "minutes_not_found"
    detail = "There are no such minutes, or they are not yours."


class MinutesChanged(Conflict):
    """`newest` is the number of the version that came in between."""

    code = "minutes_changed"
    detail = "The minutes were changed in the meantime. Load them again; the other version is unchanged."


class ProposalClosed(Conflict):
    code = "proposal_closed"
    detail = "There is no such open proposal. It was accepted, declined or replaced by a newer one."


class UnknownEvidence(InvalidInput):
    code = "unknown_evidence"
    detail = "A statement names segments that are not in the transcript."


#: The states of a proposal.
OPEN, CLOSED = "open", "closed"


async def newest(session: AsyncSession, *, owner_id: str, recording_id: str) -> Minutes:
    """The newest version that is not a proposal."""
    query = select(Minutes).where(*_owned(owner_id, recording_id), Minutes.proposal.is_(None))
    found = await session.scalar(query.order_by(Minutes.number.desc()).limit(1))
    if found is None:
        raise MinutesNotFound
    return found


async def version(session: AsyncSession, *, owner_id: str, recording_id: str, number: int) -> Minutes:
    query = select(Minutes).where(*_owned(owner_id, recording_id))
    found = await session.scalar(query.where(Minutes.number == number))
    if found is None:
        raise MinutesNotFound
    return found


async def versions(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Minutes]:
    """All versions, newest first."""
    query = select(Minutes).where(*_owned(owner_id, recording_id))
    return (await session.scalars(query.order_by(Minutes.number.desc()))).all()


async def newest_transcript(session: AsyncSession, *, owner_id: str, recording_id: str) -> int:
    """The number of the transcript's newest version, 0 where there is none. Minutes of another version are stale."""
    query = select(func.max(Transcript.number)).where(Transcript.aside.is_(False))
    return await session.scalar(
        query.where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    ) or 0  # fmt: skip


async def open_proposal(
    session: AsyncSession, *, owner_id: str, recording_id: str, number: int | None = None
) -> Minutes:
    """The open proposal, or that of this number. Raises ProposalClosed, and MinutesNotFound without minutes."""
    await newest(session, owner_id=owner_id, recording_id=recording_id)
    query = select(Minutes).where(*_owned(owner_id, recording_id), Minutes.proposal == OPEN)
    if number is not None:
        query = query.where(Minutes.number == number)
    found = await session.scalar(query.order_by(Minutes.number.desc()).limit(1))
    if found is None:
        raise ProposalClosed
    return found


def check_base(base: Minutes, based_on: int) -> None:
    """Raises MinutesChanged where an edit is based on another version."""
    if base.number != based_on:
        raise MinutesChanged(newest=base.number)


def evidence_of(content: MinutesContent) -> Iterator[str]:
    """The ids of all segments that the statements name."""
    points = [point for topic in content.topics for point in topic.points]
    lists = (content.overview, content.decisions, content.actions, content.questions, content.speakers, points)
    statements: list[Statement] = [one for many in lists for one in many]
    headline = [content.headline] if content.headline else []
    for one in (*headline, *statements):
        yield from one.evidence
    for topic in content.topics:
        yield from topic.evidence


async def save(
    session: AsyncSession, *, base: Minutes, author_id: str, content: MinutesContent, proposal: Minutes | None = None
) -> Minutes:
    """A person's version after `base`; with `proposal` it is made from that one, which is closed by it. Raises
    MinutesChanged where another version came in between."""
    source = proposal or base
    row = Minutes(
        recording_id=base.recording_id,
        owner_id=base.owner_id,
        author_id=author_id,
        number=await _next_number(session, base.owner_id, base.recording_id),
        transcript=source.transcript,
        template=source.template,
        model=source.model,
        content=content.model_dump(mode="json"),
    )
    if proposal is not None:
        proposal.proposal = CLOSED
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise MinutesChanged(newest=row.number) from None
    scope = {"owner_id": base.owner_id, "recording_id": base.recording_id}
    record(session, EventKind.MINUTES_WRITTEN, **scope, number=row.number)
    await index_minutes(session, row)
    return row


async def publish(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    job_id: str | None,
    transcript: int,
    template: Template,
    model: str,
    content: MinutesContent,
) -> Minutes:
    """Add a version after all others: a proposal where a person has edited the newest one. A new proposal closes those
    before it."""
    for attempts_left in (2, 1, 0):
        query = select(Minutes.author_id).where(
            Minutes.recording_id == recording_id, Minutes.owner_id == owner_id, Minutes.proposal.is_(None)
        )
        edited = await session.scalar(query.order_by(Minutes.number.desc()).limit(1)) is not None
        row = Minutes(
            recording_id=recording_id,
            owner_id=owner_id,
            job_id=job_id,
            number=await _next_number(session, owner_id, recording_id),
            transcript=transcript,
            proposal=OPEN if edited else None,
            template=asdict(template) | {"parts": list(template.parts)},
            model=model[:128],
            content=content.model_dump(mode="json"),
        )
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another job took the number in the meantime
            if not attempts_left:
                raise
        else:
            older = (Minutes.recording_id == recording_id, Minutes.proposal == OPEN, Minutes.number < row.number)
            await session.execute(update(Minutes).where(*older).values(proposal=CLOSED))
            scope = {"owner_id": owner_id, "recording_id": recording_id}
            record(session, EventKind.MINUTES_WRITTEN, **scope, job_id=job_id, number=row.number)
            if row.proposal is None:
                await index_minutes(session, row)
            return row
    raise AssertionError("unreachable")


async def _next_number(session: AsyncSession, owner_id: str, recording_id: str) -> int:
    query = select(func.max(Minutes.number)).where(Minutes.recording_id == recording_id, Minutes.owner_id == owner_id)
    return (await session.scalar(query) or 0) + 1


def _owned(owner_id: str, recording_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions for minutes of this owner. Recordings in the trash are not found."""
    owned = (Minutes.recording_id == recording_id, Minutes.owner_id == owner_id)
    return (*owned, not_trashed(Minutes.recording_id))
