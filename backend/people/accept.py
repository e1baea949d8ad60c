"""Accepts that a speaker of a recording is a person: names the speaker, and with a consent keeps a sample."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict
from backend.people import service
from backend.people.samples import remove, seal
from backend.people.speakers import SpeakerVoice
from backend.people.suggestions import hear
from backend.people.tables import Person, Refusal, Sample
from backend.recordings.files import Storage
from backend.settings import Settings
from backend.transcripts import service as transcripts
from backend.transcripts.tables import Transcript

#: Two samples of a speaker that are equal in these are equal. Encrypted vectors never are.
_WHAT_IT_IS = ("person_id", "name", "model", "seconds", "clips")


class DecidedMeanwhile(Conflict):
    code = "decided_meanwhile"
    detail = "Somebody has just decided who this speaker is. Look again."


@dataclass(frozen=True, slots=True)
class Accepted:
    """`version` is the number of the newest transcript, in which the speaker has the name."""

    version: int
    sample: Sample | None  #: None without a consent, or where the voice is not known


async def accept(
    session: AsyncSession,
    storage: Storage,
    settings: Settings,
    *,
    owner_id: str,
    recording_id: str,
    speaker: str,
    person_id: str,
) -> Accepted:
    """Raises PersonNotFound, TranscriptNotFound or SpeakerNotFound."""
    person = await service.find(session, owner_id=owner_id, person_id=person_id)
    await _lock_newest(session, recording_id)
    renamed = await transcripts.rename(
        session, owner_id=owner_id, recording_id=recording_id, author_id=owner_id, speaker=speaker, name=person.name
    )
    refusal = (Refusal.recording_id == recording_id) & (Refusal.speaker == speaker) & (Refusal.person_id == person.id)
    await session.execute(delete(Refusal).where(refusal).execution_options(synchronize_session=False))
    if person.consent_at is None:
        return Accepted(renamed.number, None)
    heard = await hear(session, storage, settings, owner_id=owner_id, recording_id=recording_id)
    voice = heard.voices.get(speaker)
    if voice is None:
        return Accepted(renamed.number, None)
    key = settings.secret_key.get_secret_value()
    sample = _sample(person, recording_id, speaker, heard.model, voice, key)
    return Accepted(renamed.number, await _keep(session, sample))


async def _lock_newest(session: AsyncSession, recording_id: str) -> None:
    """A save that takes the name away again waits, so that it finds the sample and deletes it."""
    query = select(Transcript.id).where(Transcript.recording_id == recording_id)
    await session.execute(query.order_by(Transcript.number.desc()).limit(1).with_for_update())


async def _keep(session: AsyncSession, sample: Sample) -> Sample:
    """Keep this sample instead of an earlier one of the same speaker, unless that is the same."""
    same_speaker = (Sample.recording_id == sample.recording_id) & (Sample.speaker == sample.speaker)
    earlier = await session.scalar(select(Sample).where(same_speaker))
    if earlier is not None and all(getattr(earlier, name) == getattr(sample, name) for name in _WHAT_IT_IS):
        return earlier
    await remove(session, same_speaker)
    try:
        async with session.begin_nested():
            session.add(sample)
    except IntegrityError:  # another request was faster, or the person was deleted meanwhile
        raise DecidedMeanwhile from None
    return sample


def _sample(person: Person, recording_id: str, speaker: str, model: str, voice: SpeakerVoice, key: str) -> Sample:
    return Sample(
        owner_id=person.owner_id,
        person_id=person.id,
        recording_id=recording_id,
        speaker=speaker,
        name=person.name,
        model=model,
        vector=seal(key, voice.heard.vector),
        seconds=round(voice.heard.seconds, 3),
        clips=[list(clip) for clip in voice.clips],
    )
