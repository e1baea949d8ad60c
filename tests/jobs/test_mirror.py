"""The files of the newest versions, which the render pool makes."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.database import Database
from backend.jobs.mirror import mirror_new
from backend.recordings.files import Storage
from backend.settings import Settings
from backend.speech.merge import merge
from backend.speech.types import Diarization
from backend.transcripts import service as transcripts
from backend.transcripts.document import from_merged
from backend.transcripts.render_pool import ExportTooLarge, RenderFailed, RenderPool
from backend.transcripts.tables import Origin
from tests.jobs.conftest import MakeRecording
from tests.speech.talk import said


class LimitedPool(RenderPool):
    """Renders in children, but raises `failure` instead of a file whose text contains `word`."""

    word = "预算"
    failure: Exception | None = None

    async def run(self, function: Callable[..., bytes], *arguments: object, user_id: str) -> bytes:
        if self.failure is not None and self.word in str(arguments):
            raise self.failure
        return await super().run(function, *arguments, user_id=user_id)


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[LimitedPool]:
    pool = LimitedPool(settings.models_dir)
    yield pool
    await pool.close()


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return Storage(settings.uploads_dir)


async def publish(database: Database, recording_id: str, text: str) -> None:
    document = from_merged(merge([said(text, 0.0)], Diarization()), duration=6.0, engines={})
    async with database.write() as session:
        await transcripts.publish(
            session, recording_id=recording_id, owner_id="ann", job_id=None, origin=Origin.MACHINE, document=document
        )


def mirrors(storage: Storage, recording_id: str) -> list[Path]:
    return sorted(storage.root.glob(f"transcripts/{recording_id}.*"))


async def test_a_new_version_is_mirrored_once(
    database: Database, storage: Storage, pool: LimitedPool, recording_of: MakeRecording
) -> None:
    id = await recording_of("ann")
    await publish(database, id, "预算已经批了。")

    assert await mirror_new(database, storage, pool) == 1
    assert await mirror_new(database, storage, pool) == 0

    json_file, text_file = mirrors(storage, id)
    assert "预算已经批了" in text_file.read_text(encoding="utf-8")
    assert json.loads(json_file.read_bytes())["segments"][0]["text"] == "预算已经批了。"


async def test_a_version_that_cannot_be_rendered_keeps_no_other_from_its_mirror_and_is_tried_again(
    database: Database, storage: Storage, pool: LimitedPool, recording_of: MakeRecording
) -> None:
    failing, other = [await recording_of("ann") for _ in range(2)]
    await publish(database, failing, "预算已经批了。")
    await publish(database, other, "今天我们开会。")
    pool.failure = RenderFailed("the process ended")

    assert await mirror_new(database, storage, pool) == 1
    assert ([], 2) == (mirrors(storage, failing), len(mirrors(storage, other)))

    pool.failure = None
    assert await mirror_new(database, storage, pool) == 1
    assert len(mirrors(storage, failing)) == 2


async def test_a_version_past_the_limits_leaves_no_mirror_of_an_older_one_and_is_not_tried_for_ever(
    database: Database, storage: Storage, pool: LimitedPool, recording_of: MakeRecording
) -> None:
    id = await recording_of("ann")
    await publish(database, id, "今天我们开会。")
    await mirror_new(database, storage, pool)
    await publish(database, id, "预算已经批了。")
    pool.failure = ExportTooLarge()

    assert await mirror_new(database, storage, pool) == 1
    assert await mirror_new(database, storage, pool) == 0

    assert mirrors(storage, id) == []
