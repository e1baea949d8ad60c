"""People: who they are, by what consent their voices are known, and the samples of them to listen to."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, SettingsDep, WriteSession
from backend.accounts.tables import User
from backend.errors import InvalidInput
from backend.people import service
from backend.people.service import Consent, KnownPerson, KnownSample
from backend.people.tables import Person
from backend.query_parameters import Moment
from backend.transcripts.document import clean_name
from backend.voice_settings import Voices

router = APIRouter(prefix="/api/people", tags=["people"])

PersonId = Annotated[str, Path(max_length=32)]
SampleId = Annotated[str, Path(max_length=32)]


class ConsentOut(BaseModel):
    """`by` is the name of the user who noted it."""

    at: datetime
    how: str
    by: str


class PersonOut(BaseModel):
    """`seconds` are those of speech in all samples; recordings in the trash do not count."""

    id: str
    name: str
    note: str
    consent: ConsentOut | None
    samples: int
    recordings: int
    seconds: float
    created_at: datetime

    @staticmethod
    def of(known: KnownPerson) -> "PersonOut":
        person = known.person
        consent = None
        if person.consent_at is not None:
            consent = ConsentOut(at=person.consent_at, how=person.consent_how, by=person.consent_by)
        return PersonOut(
            id=person.id,
            name=person.name,
            note=person.note,
            consent=consent,
            samples=known.samples,
            recordings=known.recordings,
            seconds=round(known.seconds, 1),
            created_at=person.created_at,
        )


class PeopleOut(BaseModel):
    voices: Voices = Field(description="off: nothing is suggested, and nothing can be added")
    people: list[PersonOut]


class Clip(BaseModel):
    """A part of a recording's audio in which only this voice speaks; times in seconds."""

    recording_id: str
    start: float
    end: float


class SampleOut(BaseModel):
    """How a person sounds in one recording. Its audio: GET /api/recordings/{recording_id}/audio."""

    id: str
    recording_id: str
    recording: str = Field(description="the name of the recording")
    recorded_at: datetime = Field(description="when the recording was uploaded")
    speaker: str
    model: str = Field(description="the diarizer; samples of different ones are not compared")
    seconds: float
    clips: list[Clip]
    playable: bool = Field(description="false: the audio was deleted by a retention rule")
    created_at: datetime

    @staticmethod
    def of(known: KnownSample) -> "SampleOut":
        sample, recording = known.sample, known.recording
        return SampleOut(
            id=sample.id,
            recording_id=recording.id,
            recording=recording.name,
            recorded_at=recording.created_at,
            speaker=sample.speaker,
            model=sample.model,
            seconds=round(sample.seconds, 1),
            clips=clips_of(recording.id, sample.clips),
            playable=recording.audio_removed_at is None,
            created_at=sample.created_at,
        )


def clips_of(recording_id: str, clips: list[list[float]] | tuple[tuple[float, float], ...]) -> list[Clip]:
    return [Clip(recording_id=recording_id, start=start, end=end) for start, end in clips]


class ConsentIn(BaseModel):
    """`at` is when the person consented; `how`, in your own words."""

    model_config = ConfigDict(extra="forbid")

    at: Moment
    how: Annotated[str, Field(max_length=200)] = ""


class PersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    note: Annotated[str, Field(max_length=1000)] = ""
    consent: ConsentIn | None = None


class PersonChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    note: Annotated[str, Field(max_length=1000)] | None = None


class MergeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    into: Annotated[str, Field(max_length=32)]


@router.get("", summary="My people")
async def people(session: ReadSession, user: Reader, settings: SettingsDep) -> PeopleOut:
    known = await service.list_people(session, owner_id=user.id)
    return PeopleOut(voices=settings.voices, people=[PersonOut.of(one) for one in known])


@router.post("", status_code=201, summary="Add a person")
async def add(session: WriteSession, user: CurrentUser, settings: SettingsDep, body: PersonIn) -> PersonOut:
    service.check_on(settings)
    person = await service.add(session, owner_id=user.id, name=_name(body.name), note=body.note)
    if body.consent is not None:
        await _note_consent(session, user, person.id, body.consent)
    return PersonOut.of(KnownPerson(person, 0, 0, 0.0))


@router.patch("/{person_id}", summary="Rename a person, or change the note")
async def change(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, person_id: PersonId, body: PersonChange
) -> PersonOut:
    """Transcripts keep the names they have."""
    service.check_on(settings)
    name = None if body.name is None else _name(body.name)
    person = await service.change(session, owner_id=user.id, person_id=person_id, name=name, note=body.note)
    return await _answer(session, person)


@router.put("/{person_id}/consent", summary="Note that a person consents to samples of their voice")
async def give_consent(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, person_id: PersonId, body: ConsentIn
) -> PersonOut:
    service.check_on(settings)
    return await _answer(session, await _note_consent(session, user, person_id, body))


@router.delete("/{person_id}/consent", summary="Note that a person consents no longer")
async def withdraw_consent(session: WriteSession, user: CurrentUser, person_id: PersonId) -> PersonOut:
    """Every sample of the person is deleted."""
    person = await service.consent(session, owner_id=user.id, person_id=person_id, given=None)
    note(session, Action.CONSENT_WITHDRAWN, subject=person_id)
    return await _answer(session, person)


@router.post("/{person_id}/merge", summary="Make two entries for one person one")
async def merge(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, person_id: PersonId, body: MergeIn
) -> PersonOut:
    """The other entry gets the samples, and the consent if it has none of its own. This one is deleted."""
    service.check_on(settings)
    return await _answer(session, await service.merge(session, owner_id=user.id, person_id=person_id, into=body.into))


@router.delete("/{person_id}", status_code=204, summary="Delete a person with every sample")
async def delete(session: WriteSession, user: CurrentUser, person_id: PersonId) -> None:
    """Transcripts keep the name."""
    await service.delete(session, owner_id=user.id, person_id=person_id)
    note(session, Action.PERSON_DELETED, subject=person_id)


@router.get("/{person_id}/samples", summary="The samples of a person")
async def samples(session: ReadSession, user: Reader, person_id: PersonId) -> list[SampleOut]:
    found = await service.list_samples(session, owner_id=user.id, person_id=person_id)
    return [SampleOut.of(one) for one in found]


@router.delete("/{person_id}/samples/{sample_id}", status_code=204, summary="Delete a sample")
async def delete_sample(session: WriteSession, user: CurrentUser, person_id: PersonId, sample_id: SampleId) -> None:
    """The name in the transcript stays."""
    await service.delete_sample(session, owner_id=user.id, person_id=person_id, sample_id=sample_id)


def _name(typed: str) -> str:
    name = clean_name(typed)
    if name is None:
        raise InvalidInput("A person needs a name.")
    return name


async def _note_consent(session: AsyncSession, user: User, person_id: str, body: ConsentIn) -> Person:
    given = Consent(body.at, body.how)
    note(session, Action.CONSENT_NOTED, subject=person_id)
    return await service.consent(session, owner_id=user.id, person_id=person_id, given=given, noted_by=user.username)


async def _answer(session: AsyncSession, person: Person) -> PersonOut:
    return PersonOut.of(await service.with_counts(session, person))
