"""Samples of people's voices. Their vectors are encrypted in the database, and decrypted only to be compared."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.encryption import DecryptionError, decrypt, encrypt
from backend.people.tables import Sample
from backend.people.vectors import Heard, Vector, from_text, profile, to_text, unit

_PURPOSE = "voice of a person"


def seal(secret_key: str, vector: Vector) -> str:
    """As `Sample.vector` is stored."""
    return encrypt(secret_key, _PURPOSE, to_text(vector))


def profiles(secret_key: str, samples: Iterable[Sample]) -> dict[str, Heard]:
    """How people sound, by their id, from samples of one model. A sample that cannot be read does not count."""
    by_person: dict[str, list[tuple[str, Heard]]] = {}
    for sample in samples:
        if (heard := _heard(secret_key, sample)) is not None:
            by_person.setdefault(sample.person_id, []).append((sample.recording_id, heard))
    return {id: found for id, parts in by_person.items() if (found := profile(parts)) is not None}


async def keep_named(session: AsyncSession, recording_id: str, names: Mapping[str, str | None]) -> None:
    """Delete the samples of a recording whose speaker is not called so any more; `names` are those of the speakers by
    id, as they are from this commit on."""
    query = select(Sample.id, Sample.speaker, Sample.name).where(Sample.recording_id == recording_id)
    gone = [row.id for row in await session.execute(query) if names.get(row.speaker) != row.name]
    if gone:
        await remove(session, Sample.id.in_(gone))


async def remove(session: AsyncSession, where: Any) -> None:
    await session.execute(delete(Sample).where(where).execution_options(synchronize_session="fetch"))


def _heard(secret_key: str, sample: Sample) -> Heard | None:
    try:
        vector = unit(from_text(decrypt(secret_key, _PURPOSE, sample.vector)))
    except (DecryptionError, ValueError):
        return None
    return None if vector is None else Heard(vector, sample.seconds)
