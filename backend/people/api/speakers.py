"""Who the speakers of a recording may be: suggestions with clips to compare, and what people decide about them."""

from itertools import zip_longest
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, SettingsDep, WriteSession
from backend.people import accept as acceptance
from backend.people import service, suggestions
from backend.people.api.people import Clip, clips_of
from backend.people.suggestions import SpeakerSuggestion, Suggestions
from backend.recordings import service as recordings
from backend.recordings.api.dependencies import StorageDep
from backend.transcripts.api import RecordingId
from backend.transcripts.schema import Id
from backend.voice_settings import Voices

router = APIRouter(prefix="/api/recordings/{recording_id}/people", tags=["people"])

#: How many clips of a person are shown beside those of the recording.
_CLIPS = 3


class LikelyPerson(BaseModel):
    """`strong`: as similar as one person is in two clean recordings."""

    person_id: str
    strong: bool
    similarity: float = Field(description="cosine of the voices, to two digits")
    expected: bool = Field(description="whether the person is named among the attendees or hotwords of this recording")
    clips: list[Clip] = Field(description="of the person, from other recordings")


class SpeakerOut(BaseModel):
    speaker: str
    seconds: float | None = Field(description="in which nobody else speaks; null where the voice is not known")
    clips: list[Clip]
    suggestion: LikelyPerson | None
    sample_of: str | None = Field(description="the person of whom this voice is a sample")


class SpeakersOut(BaseModel):
    """Where voices are off, no speaker is listed."""

    voices: Voices
    speakers: list[SpeakerOut]


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person_id: Annotated[str, Field(max_length=32)]


class AcceptedOut(BaseModel):
    version: int = Field(description="number of the newest transcript, in which the speaker has the person's name")
    sample: bool = Field(description="false: there is no consent, or the voice is not known")


Speaker = Annotated[Id, Path()]


@router.get("", summary="Who the speakers of a recording may be")
async def speakers(
    session: ReadSession, user: Reader, settings: SettingsDep, storage: StorageDep, recording_id: RecordingId
) -> SpeakersOut:
    """Nothing is named by itself. Those who are expected in this recording come first."""
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    if settings.voices is Voices.OFF:
        return SpeakersOut(voices=settings.voices, speakers=[])
    found = await suggestions.suggest(session, storage, settings, owner_id=user.id, recording_id=recording_id)
    return SpeakersOut(voices=settings.voices, speakers=[_speaker(recording_id, one, found) for one in found.speakers])


@router.put("/{speaker}", summary="Say who a speaker is")
async def accept(
    session: WriteSession,
    user: CurrentUser,
    settings: SettingsDep,
    storage: StorageDep,
    recording_id: RecordingId,
    speaker: Speaker,
    body: Decision,
) -> AcceptedOut:
    """The speaker gets the person's name. With the person's consent the voice becomes a sample, which is deleted as
    soon as the speaker is called something else."""
    service.check_on(settings)
    accepted = await acceptance.accept(
        session,
        storage,
        settings,
        owner_id=user.id,
        recording_id=recording_id,
        speaker=speaker,
        person_id=body.person_id,
    )
    return AcceptedOut(version=accepted.version, sample=accepted.sample is not None)


@router.post("/{speaker}/refusals", status_code=204, summary="Say who a speaker is not")
async def refuse(
    session: WriteSession,
    user: CurrentUser,
    settings: SettingsDep,
    recording_id: RecordingId,
    speaker: Speaker,
    body: Decision,
) -> None:
    """This person is not suggested for this speaker again."""
    service.check_on(settings)
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    person = await service.find(session, owner_id=user.id, person_id=body.person_id)
    await service.refuse(session, recording_id=recording_id, speaker=speaker, person=person)


def _speaker(recording_id: str, found: SpeakerSuggestion, all: Suggestions) -> SpeakerOut:
    match = found.match
    suggestion = None
    if match is not None:
        by_sample = [clips_of(one.recording_id, one.clips) for one in all.samples[match.person]]
        # one of each recording before a second of any
        clips = [clip for row in zip_longest(*by_sample) for clip in row if clip is not None]
        suggestion = LikelyPerson(
            person_id=match.person,
            strong=match.strong,
            similarity=round(match.similarity, 2),
            expected=match.person in all.expected,
            clips=clips[:_CLIPS],
        )
    return SpeakerOut(
        speaker=found.speaker.id,
        seconds=None if found.voice is None else round(found.voice.heard.seconds, 1),
        clips=[] if found.voice is None else clips_of(recording_id, found.voice.clips),
        suggestion=suggestion,
        sample_of=None if found.sample is None else found.sample.person_id,
    )
