"""The search over real databases: what was saved is found, from that commit on."""

import random

import pytest
from sqlalchemy import select

from backend.database import utc_now
from backend.recordings import service as recordings
from backend.search import rebuild, service
from backend.search.tables import Passage
from backend.transcripts import service as transcripts
from backend.transcripts.document import Speaker
from tests.search.conftest import Library, document
from tests.search.oracle import contains

#: What the texts of a drawn library are made of, and what is looked for in them.
PIECES = "预算 预 算 萬 万 会议 議 3.82 12 Docker docker Post PostgreSQL ， 。 𠮷 か é"
WORDS = "预 预算 算预 万 会议 算会 3.8 12 2 docker post gresql 算docker docker预 𠮷 か预 é 预,算 萬議"


async def test_a_word_is_found_with_its_place_and_the_second_it_is_said(library: Library) -> None:
    text = "上半年的情况大家都知道了，我们今天只讨论明年的预算，其他的事情等到下次会议再说，谢谢各位来参加。"
    recording = await library.add(document("没有别的事。", text))

    answer = await library.ask("預算")

    (group,) = answer["groups"]
    (place,) = group["places"]
    assert (recording, "会议.m4a", 1) == (group["recording"]["id"], group["recording"]["name"], group["total"])
    assert ("s1", "张三") == (place["segment_id"], place["speaker"])
    assert ["预算"] == [place["text"][start:end] for start, end in place["hits"]]
    assert pytest.approx(1 + text.index("预算") / 10) == place["at"]
    assert (True, True, 42) == (place["before"], place["after"], len(place["text"]))


async def test_words_are_all_there_and_those_to_leave_out_are_not(library: Library) -> None:
    both = await library.add(document("预算和Docker", "预算", "docker compose"))

    assert [(both, ["s0"])] == await library.found("docker 预算")
    assert [(both, ["s1"])] == await library.found("预算 -docker")
    assert [(both, ["s2"])] == await library.found('"DOCKER  COMPOSE"')
    assert [] == await library.found("compose 预算")


async def test_recordings_are_newest_first_or_best_first_with_three_places_each(library: Library) -> None:
    old = await library.add(document(*["预算"] * 5))
    new = await library.add(document("预算"))

    answer = await library.ask("预算")

    assert [(new, ["s0"]), (old, ["s0", "s1", "s2"])] == await library.found("预算")
    assert [(old, ["s0", "s1", "s2"]), (new, ["s0"])] == await library.found("预算", sort="best")
    assert [(old, ["s0", "s1", "s2"])] == await library.found("预算", offset=1)
    assert (2, 6, True, 5) == (answer["recordings"], answer["places"], answer["complete"], answer["groups"][1]["total"])


async def test_filters_leave_out_and_speakers_are_counted(library: Library) -> None:
    one = await library.add(document("预算一"))
    two = await library.add(document("预算二", speakers=[Speaker("S1", "李四")]))
    middle = (await library.ask("预算"))["groups"][0]["recording"]["created_at"]

    assert [{"name": "张三", "places": 1}, {"name": "李四", "places": 1}] == sorted(
        (await library.ask("预算", speaker="李四"))["speakers"], key=lambda found: found["name"]
    )
    assert [(two, ["s0"])] == await library.found("预算", speaker="李四")
    assert [(two, ["s0"])] == await library.found("预算", since=middle)
    assert [(one, ["s0"])] == await library.found("预算", until=middle)
    assert [] == await library.found("预算", shortest=101)
    assert [] == await library.found("预算", longest=99)


async def test_a_correction_is_found_and_what_it_replaced_is_not(library: Library) -> None:
    recording = await library.add(document("预算是三百万", "没有意见"))

    await library.save(recording, document("预算是四百万", "没有意见"))

    assert [] == await library.found("三百万")
    assert [(recording, ["s0"])] == await library.found("四百万")
    assert [(recording, ["s1"])] == await library.found("没有意见")


async def test_a_correction_writes_only_the_passages_that_changed(library: Library) -> None:
    recording = await library.add(document("预算是三百万", "没有意见"))
    query = select(Passage.segment_id, Passage.id).where(Passage.recording_id == recording)
    async with library.database.read() as session:
        before = {segment: id for segment, id in await session.execute(query)}

    await library.save(recording, document("预算是四百万", "没有意见", speakers=[Speaker("S1", "王五")]))

    async with library.database.read() as session:
        after = {segment: id for segment, id in await session.execute(query)}
    assert [False, True] == [before[one] == after[one] for one in ("s0", "s1")]
    assert [(recording, ["s1"])] == await library.found("意见", speaker="王五")


async def test_what_is_in_the_trash_is_not_found_until_it_is_restored(library: Library) -> None:
    recording = await library.add(document("预算"))
    for trashed, expected in ((True, []), (False, [(recording, ["s0"])])):
        async with library.database.write() as session:
            find = recordings.find if trashed else recordings.find_trashed
            row = await find(session, owner_id=library.ada.id, recording_id=recording)
            await recordings.set_trashed(session, row, trashed=trashed, now=utc_now())

        assert expected == await library.found("预算")


async def test_a_deleted_recording_leaves_no_passage(library: Library) -> None:
    recording = await library.add(document("预算"))

    async with library.database.write() as session:
        assert await recordings.delete(session, recording)

    assert [] == await library.found("预算")
    async with library.database.read() as session:
        assert [] == list(await session.scalars(select(Passage)))


async def test_nobody_finds_what_somebody_else_said(library: Library) -> None:
    recording = await library.add(document("预算", speakers=[Speaker("S1", "秘密")]), name="预算会.m4a")

    answer = await library.ask("预算", user=library.eve)
    places = await library.client.get(
        f"/api/search/recordings/{recording}", params={"q": "预算"}, headers=library.headers[library.eve.id]
    )

    assert ([], [], [], 0) == (answer["groups"], answer["texts"], answer["speakers"], answer["places"])
    assert 404 == places.status_code


async def test_every_place_of_one_recording_is_listed(library: Library) -> None:
    recording = await library.add(document(*["预算"] * 5))
    await library.add(document("预算"))

    answer = await library.client.get(
        f"/api/search/recordings/{recording}", params={"q": "预算"}, headers=library.headers[library.ada.id]
    )

    assert (["s0", "s1", "s2", "s3", "s4"], 5) == (
        [place["segment_id"] for place in answer.json()["places"]], answer.json()["total"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "q",
    ['预算" OR "x', "预算*", "预算:*", "预算 & !x", "预算 <-> x", "NEAR(预算)", "+预算 >x", "预算\x00", "预算\ud800'"],
)
async def test_no_operator_of_a_database_is_obeyed(library: Library, q: str) -> None:
    await library.add(document("预算"))

    answer = await library.client.get(
        "/api/search", params={"q": q.encode(errors="replace").decode()}, headers=library.headers[library.ada.id]
    )

    assert answer.status_code == 200
    assert all("预算" in place["text"] for group in answer.json()["groups"] for place in group["places"])


async def test_a_long_text_and_more_candidates_than_are_compared_are_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CANDIDATES", 2)
    await library.add(document("预算一", "预算二", "预算三"))

    answer = await library.ask("预算")

    assert (2, False) == (answer["places"], answer["complete"])


async def test_the_check_finds_a_passage_that_is_missing_or_of_another_text(library: Library) -> None:
    recording = await library.add(document("预算", "没有意见", "同意"))
    async with library.database.write() as session:
        rows = {row.segment_id: row for row in await session.scalars(select(Passage))}
        rows["s0"].text = "别的"
        await session.delete(rows["s1"])

    async with library.database.read() as session:
        assert ["segment/s0", "segment/s1"] == await rebuild.differences(session, recording)


async def test_a_side_version_is_not_found(library: Library) -> None:
    recording = await library.add(document("预算"))
    await library.save(recording, document("预算改"))
    async with library.database.write() as session:
        await transcripts.publish(
            session,
            recording_id=recording,
            owner_id=library.ada.id,
            job_id=None,
            origin=transcripts.Origin.MACHINE,
            document=document("机器又听了一遍"),
            supersede_edits=False,
        )

    assert [] == await library.found("机器")
    assert [(recording, ["s0"])] == await library.found("预算改")


async def test_a_drawn_library_is_found_as_by_comparing_every_text(library: Library) -> None:
    dice = random.Random(7)
    pieces = [*PIECES.split(), " "]
    texts = ["".join(dice.choices(pieces, k=dice.randint(1, 12))) + "。" for _ in range(300)]
    recording = await library.add(document(*texts))

    for word in WORDS.split():
        answer = await library.client.get(
            f"/api/search/recordings/{recording}", params={"q": word}, headers=library.headers[library.ada.id]
        )
        found = {place["segment_id"] for place in answer.raise_for_status().json()["places"]}
        assert {f"s{at}" for at, text in enumerate(texts) if contains(text, word)} == found, word
