"""Who the speakers of a recording may be. Nothing is named here: people accept a suggestion, or do not."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import voices
from backend.jobs.tables import Job, Kind
from backend.minutes.tables import Minutes
from backend.people.matching import Match, MatchRules, match
from backend.people.samples import profiles
from backend.people.speakers import SpeakerVoice, voices_of_speakers
from backend.people.tables import Person, Refusal, Sample
from backend.recordings.files import Storage
from backend.recordings.tables import not_trashed
from backend.settings import Settings
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, Speaker, document_from_json


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """The newest transcript of a recording, and how its speakers sound: by id, those of whom it is known."""

    document: Document
    model: str  #: the diarizer; empty where no voice is known
    voices: Mapping[str, SpeakerVoice]


@dataclass(frozen=True, slots=True)
class SpeakerSuggestion:
    """A speaker. `match` names the person they may be, `sample` is the one kept of them."""

    speaker: Speaker
    voice: SpeakerVoice | None
    match: Match | None
    sample: Sample | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    speakers: list[SpeakerSuggestion]
    samples: Mapping[str, list[Sample]]  #: of the people who are suggested, by their id
    expected: frozenset[str]  #: people who are named among the participants of the meeting


def rules_of(settings: Settings) -> MatchRules:
    return MatchRules(
        settings.voices_threshold, settings.voices_margin, settings.voices_profile_seconds, settings.voices_seconds
    )


async def hear(
    session: AsyncSession, storage: Storage, settings: Settings, *, owner_id: str, recording_id: str
) -> HeardRecording:
    """Raises TranscriptNotFound. No voice is known of a recording whose artifacts are gone, or that was transcribed
    while voices were off."""
    transcript = await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    query = select(Job.id).where(Job.recording_id == recording_id, Job.kind == Kind.TRANSCRIPT.value)
    jobs = (await session.scalars(query.order_by(Job.created_at.desc(), Job.id))).all()
    folders = [storage.job_folder(recording_id, job) for job in jobs]
    return await asyncio.to_thread(_hear, transcript.document, folders, settings.secret_key.get_secret_value())


async def suggest(
    session: AsyncSession, storage: Storage, settings: Settings, *, owner_id: str, recording_id: str
) -> Suggestions:
    """Who the speakers without a name may be. Those with participants' names come first."""
    heard = await hear(session, storage, settings, owner_id=owner_id, recording_id=recording_id)
    of_recording = await session.scalars(select(Sample).where(Sample.recording_id == recording_id))
    kept = {sample.speaker: sample for sample in of_recording}
    # without this recording's own samples: a voice is always like itself
    comparable = (Sample.recording_id != recording_id) & (Sample.model == heard.model)
    of_owner = select(Sample).where(Sample.owner_id == owner_id, comparable, not_trashed(Sample.recording_id))
    samples = (await session.scalars(of_owner.order_by(Sample.created_at.desc(), Sample.id))).all()
    refused = await session.execute(
        select(Refusal.speaker, Refusal.person_id).where(Refusal.recording_id == recording_id)
    )
    unnamed = {speaker.id for speaker in heard.document.speakers if speaker.name is None}
    sounds = {id: voice.heard for id, voice in heard.voices.items() if id in unnamed}
    refusals = frozenset((speaker, person) for speaker, person in refused)
    key, rules = settings.secret_key.get_secret_value(), rules_of(settings)
    found = await asyncio.to_thread(lambda: match(sounds, profiles(key, samples), rules, refusals))
    matches = {one.speaker: one for one in found}
    suggested = {one.person for one in found}
    expected = await expected_people(session, owner_id=owner_id, recording_id=recording_id)
    speakers = [
        SpeakerSuggestion(speaker, heard.voices.get(speaker.id), matches.get(speaker.id), kept.get(speaker.id))
        for speaker in heard.document.speakers
    ]
    speakers.sort(key=lambda one: one.match is None or one.match.person not in expected)
    return Suggestions(speakers, _by_person(samples, suggested), expected)


async def expected_people(session: AsyncSession, *, owner_id: str, recording_id: str) -> frozenset[str]:
    """The people whose name is among the attendees of the newest minutes, or the hotwords of a job."""
    minutes = await session.scalar(
        select(Minutes.content)
        .where(Minutes.recording_id == recording_id, Minutes.owner_id == owner_id, Minutes.proposal.is_(None))
        .order_by(Minutes.number.desc())
        .limit(1)
    )
    jobs = await session.scalars(select(Job.options).where(Job.recording_id == recording_id))
    names = {name for options in jobs for name in (options or {}).get("hotwords") or ()}
    names |= set(((minutes or {}).get("meeting") or {}).get("attendees") or ())
    if not names:
        return frozenset()
    people = await session.execute(select(Person.id, Person.name).where(Person.owner_id == owner_id))
    return frozenset(id for id, name in people if name in names)


def _hear(document: dict[str, object], folders: Iterable[Path], secret_key: str) -> HeardRecording:
    parsed = document_from_json(document)
    model, found = voices.read(folders, secret_key) or ("", [])
    return HeardRecording(parsed, model, voices_of_speakers(parsed.segments, found))


def _by_person(samples: Iterable[Sample], people: set[str]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.person_id in people:
            found.setdefault(sample.person_id, []).append(sample)
    return found
