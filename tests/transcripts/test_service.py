from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.transcripts import service
from backend.transcripts.document import Document, document_from_json, document_to_json, rename_speaker
from backend.transcripts.service import EDITING_SESSION, SpeakerNotFound, TranscriptChanged, TranscriptNotFound
from backend.transcripts.tables import Origin, Transcript
from tests.transcripts.conftest import TranscriptScenario


@pytest.fixture
async def session(scenario: TranscriptScenario, document: Document) -> AsyncIterator[AsyncSession]:
    """A transaction in which Ada's recording has its first version."""
    await scenario.publish(document)
    async with scenario.database.write() as session:
        yield session


def named(document: Document, name: str) -> Document:
    return rename_speaker(document, "S1", name)


async def numbers(session: AsyncSession, scenario: TranscriptScenario) -> list[int]:
    found = await service.versions(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)
    return [version.number for version in found]


async def save(
    session: AsyncSession, scenario: TranscriptScenario, document: Document, based_on: int, later: float = 0
) -> Transcript:
    return await service.save(
        session,
        owner_id=scenario.ada.id,
        recording_id=scenario.recording_id,
        author_id=scenario.ada.id,
        document=document,
        based_on=based_on,
        now=utc_now() + timedelta(minutes=later),
    )


async def test_the_first_version_is_the_result_of_the_engines(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    found = await service.newest(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)

    assert (found.number, found.origin, found.author_id) == (1, "machine", None)
    assert document_from_json(found.document) == document_from_json(document_to_json(document))
    assert "没有意见。" in found.text


async def test_the_first_version_cannot_be_a_persons(scenario: TranscriptScenario, document: Document) -> None:
    async with scenario.database.write() as session:
        with pytest.raises(ValueError, match="version 1"):
            await service.publish(
                session,
                recording_id=scenario.recording_id,
                owner_id=scenario.ada.id,
                job_id=None,
                origin=Origin.PERSON,
                document=document,
            )


async def test_a_second_job_adds_a_version(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    again = await service.publish(
        session,
        recording_id=scenario.recording_id,
        owner_id=scenario.ada.id,
        job_id="j2",
        origin=Origin.MACHINE,
        document=document,
    )

    assert again.number == 2
    assert await numbers(session, scenario) == [2, 1]


async def test_a_save_is_a_new_version_and_the_old_one_stays(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    saved = await save(session, scenario, named(document, "王"), 1)

    first = await service.version(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id, number=1)
    assert (saved.number, saved.origin, saved.author_id) == (2, "person", scenario.ada.id)
    assert document_from_json(first.document).speakers[0].name is None
    assert not saved.mirrored


async def test_a_stale_save_is_refused_with_the_newest_number(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "王"), 1)

    with pytest.raises(TranscriptChanged) as refused:
        await save(session, scenario, named(document, "李"), 1)

    assert (refused.value.status, refused.value.facts) == (409, {"newest": 2})
    newest = await service.newest(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)
    assert document_from_json(newest.document).speakers[0].name == "王"


async def test_saves_of_one_editing_session_are_one_version(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "王"), 1)
    second = await save(session, scenario, named(document, "王小"), 2, later=5)
    third = await save(session, scenario, named(document, "王小明"), 3, later=9)

    assert (second.number, third.number) == (3, 4)
    assert await numbers(session, scenario) == [4, 1]


async def test_a_save_without_most_of_the_text_replaces_no_version(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    first, *others = document.segments
    long = replace(document, segments=(replace(first, text="会议室" * 40, words=()), *others))
    await save(session, scenario, long, 1)
    await save(session, scenario, replace(document, segments=()), 2, later=1)

    assert await numbers(session, scenario) == [3, 2, 1]


async def test_a_second_window_of_the_same_person_does_not_overwrite_the_first(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "王"), 1)
    await save(session, scenario, named(document, "王小"), 2)

    with pytest.raises(TranscriptChanged):
        await save(session, scenario, named(document, "李"), 2)


async def test_an_editing_session_ends_ten_minutes_after_it_began(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    minutes = EDITING_SESSION.total_seconds() / 60
    await save(session, scenario, named(document, "一"), 1)
    await save(session, scenario, named(document, "二"), 2, later=minutes - 1)
    await save(session, scenario, named(document, "三"), 3, later=minutes + 1)

    assert await numbers(session, scenario) == [4, 3, 1]


async def test_somebody_elses_version_is_never_replaced(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "王"), 1)

    await service.save(
        session,
        owner_id=scenario.ada.id,
        recording_id=scenario.recording_id,
        author_id=scenario.eve.id,
        document=named(document, "李"),
        based_on=2,
    )

    assert await numbers(session, scenario) == [3, 2, 1]


async def test_a_save_that_changes_nothing_adds_nothing(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    saved = await save(session, scenario, document, 1)

    assert saved.number == 1
    assert await numbers(session, scenario) == [1]


async def test_a_number_taken_concurrently_is_a_conflict_and_loses_nothing(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    mine = await save(session, scenario, named(document, "王"), 1)
    hidden = Transcript(
        recording_id=scenario.recording_id, owner_id=scenario.eve.id, number=3, origin="person", document={}, text=""
    )
    session.add(hidden)  # like a row that was committed concurrently
    await session.flush()

    with pytest.raises(TranscriptChanged):
        await save(session, scenario, named(document, "李"), 2)

    kept = await service.newest(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)
    assert (kept.id, document_from_json(kept.document).speakers[0].name) == (mine.id, "王")


async def test_renaming_a_speaker_is_a_version_of_that_person(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    ask: dict[str, Any] = {
        "owner_id": scenario.ada.id,
        "recording_id": scenario.recording_id,
        "author_id": scenario.ada.id,
    }

    renamed = await service.rename(session, **ask, speaker="S2", name="李四")

    assert (renamed.number, renamed.origin) == (2, "person")
    assert document_from_json(renamed.document).speaker_name("S2") == "李四"
    with pytest.raises(SpeakerNotFound):
        await service.rename(session, **ask, speaker="S9", name="李四")
    with pytest.raises(TranscriptChanged):
        await service.rename(session, **ask, speaker="S1", name="李四", based_on=1)


async def test_transcripts_of_others_are_not_found(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    hers: dict[str, Any] = {"owner_id": scenario.eve.id, "recording_id": scenario.recording_id}

    with pytest.raises(TranscriptNotFound):
        await service.newest(session, **hers)
    with pytest.raises(TranscriptNotFound):
        await service.version(session, **hers, number=1)
    with pytest.raises(TranscriptNotFound):
        await service.versions(session, **hers)
    with pytest.raises(TranscriptNotFound):
        await service.save(session, **hers, author_id=scenario.eve.id, document=document, based_on=1)
    with pytest.raises(TranscriptNotFound):
        await service.rename(session, **hers, author_id=scenario.eve.id, speaker="S1", name="x")


async def test_a_refused_save_leaves_the_transaction_usable(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    edited = replace(document, segments=document.segments[:1])
    with pytest.raises(TranscriptChanged):
        await save(session, scenario, edited, 7)

    assert (await save(session, scenario, edited, 1)).number == 2


async def publish_again(
    session: AsyncSession, scenario: TranscriptScenario, document: Document, *, supersede_edits: bool = False
) -> Transcript:
    """Publish a version as a second job of the recording does."""
    return await service.publish(
        session,
        recording_id=scenario.recording_id,
        owner_id=scenario.ada.id,
        job_id=None,
        origin=Origin.MACHINE,
        document=document,
        supersede_edits=supersede_edits,
    )


async def newest(session: AsyncSession, scenario: TranscriptScenario) -> Transcript:
    return await service.newest(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)


async def test_a_second_result_is_the_newest_where_nobody_has_edited(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    again = await publish_again(session, scenario, document)

    assert not again.aside
    assert (await newest(session, scenario)).number == again.number == 2


async def test_a_second_result_is_a_side_version_where_somebody_has_edited(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "张三"), 1)

    again = await publish_again(session, scenario, document)

    assert (again.number, again.aside, again.mirrored) == (3, True, True)
    assert (await newest(session, scenario)).number == 2
    found = await service.versions(session, owner_id=scenario.ada.id, recording_id=scenario.recording_id)
    assert [(version.number, version.aside) for version in found] == [(3, True), (2, False), (1, False)]


async def test_saving_continues_after_a_side_version(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "张三"), 1)
    await publish_again(session, scenario, document)

    saved = await save(session, scenario, named(document, "李四"), 2, later=20)

    assert saved.number == 4
    assert await numbers(session, scenario) == [4, 3, 2, 1]
    with pytest.raises(TranscriptChanged) as refusal:
        await save(session, scenario, document, 3)
    assert refusal.value.facts == {"newest": 4}


async def test_a_second_result_can_supersede_edits_on_request(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "张三"), 1)

    again = await publish_again(session, scenario, document, supersede_edits=True)
    later = await publish_again(session, scenario, document)

    assert (again.aside, later.aside) == (False, False)
    assert await numbers(session, scenario) == [4, 3, 2, 1]


async def test_a_restored_version_is_the_newest_and_replaces_nothing(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "张三"), 1)
    again = await publish_again(session, scenario, named(document, "机器"))

    taken = await service.restore(
        session,
        owner_id=scenario.ada.id,
        recording_id=scenario.recording_id,
        author_id=scenario.ada.id,
        number=again.number,
        based_on=2,
    )

    assert (taken.number, taken.origin, taken.document) == (4, "person", again.document)
    assert (await newest(session, scenario)).number == 4
    assert await numbers(session, scenario) == [4, 3, 2, 1]
    assert (await publish_again(session, scenario, document)).aside


async def test_restoring_needs_the_newest_number_and_the_owner(
    session: AsyncSession, scenario: TranscriptScenario, document: Document
) -> None:
    await save(session, scenario, named(document, "张三"), 1)

    with pytest.raises(TranscriptChanged):
        await service.restore(
            session,
            owner_id=scenario.ada.id,
            recording_id=scenario.recording_id,
            author_id=scenario.ada.id,
            number=1,
            based_on=1,
        )
    with pytest.raises(TranscriptNotFound):
        await service.restore(
            session,
            owner_id=scenario.eve.id,
            recording_id=scenario.recording_id,
            author_id=scenario.eve.id,
            number=1,
            based_on=2,
        )
