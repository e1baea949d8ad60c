"""Names of recordings and speakers, and minutes, are found from the commit on that writes them."""

from typing import Any

from backend.minutes import service as minutes
from backend.minutes.schema import Coverage, LanguageModelUsage, MinutesContent, Statement
from backend.minutes.search_texts import statements
from backend.minutes.templates import BUILT_IN, DEFAULT
from backend.recordings import service as recordings
from backend.search import rebuild
from backend.transcripts.document import Speaker
from tests.search.conftest import Library, document


async def found(library: Library, q: str, **filters: Any) -> list[tuple[str, str, str]]:
    answer = await library.ask(q, **filters)
    return [(one["kind"], one["recording"]["id"], one["text"]) for one in answer["texts"]]


async def test_a_recording_is_found_by_its_new_name_and_not_by_the_old_one(library: Library) -> None:
    recording = await library.add(document("没有意见"), name="預算 周会.m4a")
    assert [("name", recording, "預算 周会.m4a")] == await found(library, "预算")

    async with library.database.write() as session:
        await recordings.rename(session, owner_id=library.ada.id, recording_id=recording, name="采购.m4a")

    assert [] == await found(library, "预算")
    assert [("name", recording, "采购.m4a")] == await found(library, "采购")


async def test_a_speaker_is_found_by_the_name_that_a_person_gave(library: Library) -> None:
    recording = await library.add(document("没有意见"))

    assert [("speaker", recording, "张三")] == await found(library, "張三")
    await library.save(recording, document("没有意见", speakers=[Speaker("S1", "李四"), Speaker("S2", "王五")]))

    assert [] == await found(library, "张三")
    assert [("speaker", recording, "王五")] == await found(library, "王五")
    assert [] == await found(library, "王五", speaker="李四")


async def test_only_the_newest_minutes_are_found(library: Library) -> None:
    recording = await library.add(document("没有意见"))
    for headline in ("预算通过", "采购暂停"):
        await publish(library, recording, headline)

    assert [] == await found(library, "预算")
    assert [("minutes", recording, "采购暂停")] == await found(library, "采购")
    async with library.database.read() as session:
        assert [] == await rebuild.differences(session, recording)
        assert 0 == await rebuild.count_missing(session)


async def test_names_in_the_trash_and_of_others_are_not_found(library: Library) -> None:
    recording = await library.add(document("没有意见"), name="预算.m4a")

    assert [] == (await library.ask("预算", user=library.eve))["texts"]
    async with library.database.write() as session:
        row = await recordings.find(session, owner_id=library.ada.id, recording_id=recording)
        await recordings.set_trashed(session, row, trashed=True, now=row.created_at)
    assert [] == await found(library, "预算")


def test_every_statement_of_minutes_has_a_place() -> None:
    content = {
        "title": "周会",
        "headline": {"text": "通过"},
        "decisions": [{"text": "买"}, {"text": "  "}],
        "topics": [{"title": "预算", "points": [{"text": "三百万"}]}, "damaged"],
        "actions": None,
    }

    assert {
        "title": "周会", "headline": "通过", "decisions/0": "买", "topics/0": "预算", "topics/0/points/0": "三百万",
    } == statements(content)  # fmt: skip


async def publish(library: Library, recording: str, headline: str) -> None:
    content = MinutesContent(
        **{"language": "zh", "title": "周会", "headline": Statement(text=headline, evidence=["s0"]), "overview": []},
        **{"topics": [], "decisions": [], "actions": [], "questions": [], "speakers": [], "keywords": []},
        coverage=Coverage(segments=1, covered=1, sections=[]),
        dropped=0,
        used=LanguageModelUsage(calls=1, prompt_tokens=1, completion_tokens=1),
    )
    async with library.database.write() as session:
        await minutes.publish(
            session,
            **{"owner_id": library.ada.id, "recording_id": recording, "job_id": None, "transcript": 1},
            **{"template": BUILT_IN[DEFAULT], "model": "m", "content": content},
        )
