"""The people of one owner: whose voices may be known, and by what consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict, InvalidInput, NotFound
from backend.people.samples import remove
from backend.people.tables import Person, Refusal, Sample
from backend.recordings.tables import Recording, not_trashed
from backend.settings import Settings
from backend.voice_settings import Voices

#: The most people one owner may have.
MAX_PEOPLE = 2000


class PersonNotFound(NotFound):
    code = "person_not_found"
    detail = "There is no such person, or they are not yours."


class SampleNotFound(NotFound):
    code = "sample_not_found"
    detail = "There is no such sample, or it is not yours."


class VoicesOff(Conflict):
    code = "voices_off"
    detail = "Voices are turned off on this server. What is kept can still be looked at and deleted."


class TooManyPeople(Conflict):
    code = "too_many_people"
    detail = f"There are {MAX_PEOPLE} people. Delete some whom you do not need."


@dataclass(frozen=True, slots=True)
class Consent:
    """When a person consented that samples of their voice are kept, and how."""

    at: datetime
    how: str = ""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person, and what their samples amount to."""

    person: Person
    samples: int
    recordings: int
    seconds: float


@dataclass(frozen=True, slots=True)
class KnownSample:
    sample: Sample
    recording: Recording


def check_on(settings: Settings) -> None:
    if settings.voices is Voices.OFF:
        raise VoicesOff


async def find(session: AsyncSession, *, owner_id: str, person_id: str) -> Person:
    person = await session.scalar(select(Person).where(Person.id == person_id, Person.owner_id == owner_id))
    if person is None:
        raise PersonNotFound
    return person


async def list_people(session: AsyncSession, *, owner_id: str) -> list[KnownPerson]:
    """All people by name. Samples of recordings in the trash do not count."""
    people = await session.scalars(select(Person).where(Person.owner_id == owner_id).order_by(Person.name, Person.id))
    counts = await _counts(session, Sample.owner_id == owner_id)
    return [KnownPerson(one, *counts.get(one.id, (0, 0, 0.0))) for one in people]


async def with_counts(session: AsyncSession, person: Person) -> KnownPerson:
    counts = await _counts(session, Sample.person_id == person.id)
    return KnownPerson(person, *counts.get(person.id, (0, 0, 0.0)))


async def list_samples(session: AsyncSession, *, owner_id: str, person_id: str) -> Sequence[KnownSample]:
    """The samples of a person with their recordings, the newest recording first."""
    await find(session, owner_id=owner_id, person_id=person_id)
    query = (
        select(Sample, Recording)
        .join(Recording, Recording.id == Sample.recording_id)
        .where(Sample.person_id == person_id, Recording.trashed_at.is_(None))
        .order_by(Recording.created_at.desc(), Sample.id)
    )
    return [KnownSample(sample, recording) for sample, recording in await session.execute(query)]


async def add(session: AsyncSession, *, owner_id: str, name: str, note: str) -> Person:
    count = await session.scalar(select(func.count()).select_from(Person).where(Person.owner_id == owner_id)) or 0
    if count >= MAX_PEOPLE:
        raise TooManyPeople
    person = Person(owner_id=owner_id, name=name, note=note)
    session.add(person)
    await session.flush()
    return person


async def change(session: AsyncSession, *, owner_id: str, person_id: str, name: str | None, note: str | None) -> Person:
    """Rename the person or change the note. Transcripts keep the names they have."""
    person = await find(session, owner_id=owner_id, person_id=person_id)
    person.name = person.name if name is None else name
    person.note = person.note if note is None else note
    await session.flush()
    return person


async def consent(
    session: AsyncSession, *, owner_id: str, person_id: str, given: Consent | None, noted_by: str = ""
) -> Person:
    """Note a consent; `None` withdraws it, and with it every sample is deleted."""
    person = await find(session, owner_id=owner_id, person_id=person_id)
    person.consent_at = given.at if given else None
    person.consent_how = given.how if given else ""
    person.consent_by = noted_by if given else ""
    if given is None:
        await remove(session, Sample.person_id == person_id)
    await session.flush()
    return person


async def merge(session: AsyncSession, *, owner_id: str, person_id: str, into: str) -> Person:
    """Make two entries for one person one: `into` gets the samples, and the consent if it has none of its own."""
    gone = await find(session, owner_id=owner_id, person_id=person_id)
    kept = await find(session, owner_id=owner_id, person_id=into)
    if gone is kept:
        raise InvalidInput("A person cannot be merged with themselves.")
    if kept.consent_at is None:
        kept.consent_at, kept.consent_how, kept.consent_by = gone.consent_at, gone.consent_how, gone.consent_by
    moved = update(Sample).where(Sample.person_id == gone.id).values(person_id=kept.id)
    await session.execute(moved.execution_options(synchronize_session=False))
    for refusal in (await session.scalars(select(Refusal).where(Refusal.person_id == gone.id))).all():
        await refuse(session, recording_id=refusal.recording_id, speaker=refusal.speaker, person=kept)
    await session.delete(gone)
    await session.flush()
    return kept


async def delete(session: AsyncSession, *, owner_id: str, person_id: str) -> None:
    """Delete the person with every sample. Transcripts keep the name."""
    person = await find(session, owner_id=owner_id, person_id=person_id)
    await session.delete(person)
    await session.flush()


async def delete_sample(session: AsyncSession, *, owner_id: str, person_id: str, sample_id: str) -> None:
    await find(session, owner_id=owner_id, person_id=person_id)
    sample = await session.scalar(select(Sample).where(Sample.id == sample_id, Sample.person_id == person_id))
    if sample is None:
        raise SampleNotFound
    await session.delete(sample)
    await session.flush()


async def refuse(session: AsyncSession, *, recording_id: str, speaker: str, person: Person) -> None:
    """Never suggest this person for this speaker again."""
    if await session.get(Refusal, (recording_id, speaker, person.id)) is None:
        session.add(Refusal(recording_id=recording_id, speaker=speaker, person_id=person.id))
        await session.flush()


async def _counts(session: AsyncSession, where: ColumnElement[bool]) -> dict[str, tuple[int, int, float]]:
    """Samples, recordings and seconds, by person."""
    recordings = func.count(func.distinct(Sample.recording_id))
    columns = (Sample.person_id, func.count(), recordings, func.sum(Sample.seconds))
    query = select(*columns).where(where, not_trashed(Sample.recording_id)).group_by(Sample.person_id)
    return {person: (samples, of, seconds) for person, samples, of, seconds in await session.execute(query)}
