"""People, their consent and their samples, through the routes."""

from typing import Any

import pytest
from sqlalchemy import select, update

from backend.jobs.tables import Job
from backend.people.samples import profiles
from backend.people.tables import Person, Refusal, Sample
from backend.people.vectors import Heard
from backend.recordings.tables import Recording
from backend.voice_settings import Voices
from tests.people.conftest import CONSENT, Meetings


async def people_of(meetings: Meetings) -> dict[str, dict[str, Any]]:
    answer = (await meetings.ada.get("/api/people")).raise_for_status().json()
    return {one["id"]: one for one in answer["people"]}


async def samples_of(meetings: Meetings, person: str) -> list[dict[str, Any]]:
    answer = (await meetings.ada.get(f"/api/people/{person}/samples")).raise_for_status()
    return list(answer.json())


async def profile_of(meetings: Meetings, person: str) -> Heard | None:
    async with meetings.database.read() as session:
        found = (await session.scalars(select(Sample).where(Sample.person_id == person))).all()
    return profiles(meetings.settings.secret_key.get_secret_value(), found).get(person)


async def test_a_person_has_a_consent_with_its_date_and_who_noted_it(meetings: Meetings) -> None:
    id = await meetings.add("张三")

    [person] = (await people_of(meetings)).values()

    assert (person["id"], person["name"], person["samples"]) == (id, "张三", 0)
    assert person["consent"] == {"at": "2026-11-02T01:00:00Z", "how": CONSENT["how"], "by": "ada"}


async def test_a_voice_that_was_named_once_is_suggested_in_the_next_recording(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday, friday = await meetings.record(0, 90), await meetings.record(100, 190, 15)

    accepted = await meetings.accept(monday, "S1", zhang)
    answer = (await meetings.ada.get(f"/api/recordings/{friday}/people")).json()

    assert accepted == {"version": 2, "sample": True}
    [row] = [row for row in answer["speakers"] if row["suggestion"]]
    assert (row["speaker"], row["clips"]) == ("S3", [{"recording_id": friday, "start": 72.0, "end": 78.0}])
    assert row["suggestion"] == {
        "person_id": zhang,
        "strong": True,
        "similarity": 0.97,
        "expected": False,
        "clips": [{"recording_id": monday, "start": 12.0, "end": 18.0}],
    }


async def test_nothing_is_named_by_a_suggestion(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    await meetings.accept(await meetings.record(0), "S1", zhang)
    friday = await meetings.record(5)

    assert await meetings.suggested(friday) == {"S1": zhang}

    transcript = (await meetings.ada.get(f"/api/recordings/{friday}/transcript")).json()
    assert (transcript["number"], transcript["document"]["speakers"]) == (1, [{"id": "S1", "name": None}])


async def test_without_a_consent_a_speaker_is_named_but_no_sample_is_kept(meetings: Meetings) -> None:
    zhang = await meetings.add("张三", consents=False)
    monday, friday = await meetings.record(0), await meetings.record(0)

    assert await meetings.accept(monday, "S1", zhang) == {"version": 2, "sample": False}

    assert await samples_of(meetings, zhang) == []
    assert await meetings.suggested(friday) == {}


async def test_a_withdrawn_consent_deletes_every_sample(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    await meetings.accept(await meetings.record(0), "S1", zhang)

    withdrawn = await meetings.ada.delete(f"/api/people/{zhang}/consent")

    assert (withdrawn.json()["consent"], withdrawn.json()["samples"]) == (None, 0)
    async with meetings.database.read() as session:
        assert (await session.scalars(select(Sample))).all() == []


@pytest.mark.parametrize("name", [None, "李四"])
async def test_a_speaker_who_is_called_something_else_is_no_sample_and_the_profile_is_as_before(
    meetings: Meetings, name: str | None
) -> None:
    zhang = await meetings.add("张三")
    await meetings.accept(await meetings.record(0), "S1", zhang)
    friday = await meetings.record(13, 80)
    before = await profile_of(meetings, zhang)

    await meetings.accept(friday, "S1", zhang)
    between = await profile_of(meetings, zhang)
    await meetings.rename(friday, "S1", name)

    assert before is not None
    assert between != before
    assert await profile_of(meetings, zhang) == before


async def test_another_speaker_may_be_renamed_without_losing_the_sample(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0, 90)
    await meetings.accept(monday, "S1", zhang)

    await meetings.rename(monday, "S2", "李四")

    assert [one["speaker"] for one in await samples_of(meetings, zhang)] == ["S1"]


async def test_a_speaker_accepted_as_somebody_else_is_a_sample_of_them_alone(meetings: Meetings) -> None:
    zhang, li = await meetings.add("张三"), await meetings.add("李四")
    monday = await meetings.record(0)

    await meetings.accept(monday, "S1", zhang)
    await meetings.accept(monday, "S1", li)

    assert [len(await samples_of(meetings, one)) for one in (zhang, li)] == [0, 1]


async def test_accepting_twice_keeps_one_sample(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)

    await meetings.accept(monday, "S1", zhang)
    first = await samples_of(meetings, zhang)
    await meetings.accept(monday, "S1", zhang)

    assert await samples_of(meetings, zhang) == first
    assert len(first) == 1


async def test_a_recording_in_the_trash_counts_for_nobody_and_again_once_it_is_restored(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday, friday = await meetings.record(0), await meetings.record(0)
    await meetings.accept(monday, "S1", zhang)

    async def trashed(value: Any) -> None:
        async with meetings.database.write() as session:
            await session.execute(update(Recording).where(Recording.id == monday).values(trashed_at=value))

    await trashed(meetings.owner.created_at)
    assert await meetings.suggested(friday) == {}
    assert (await people_of(meetings))[zhang]["samples"] == 0
    await trashed(None)
    assert await meetings.suggested(friday) == {"S1": zhang}


async def test_a_deleted_recording_takes_its_samples_and_refusals_with_it(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0, 90)
    await meetings.accept(monday, "S1", zhang)
    (
        await meetings.ada.post(f"/api/recordings/{monday}/people/S2/refusals", json={"person_id": zhang})
    ).raise_for_status()

    async with meetings.database.write() as session:
        await session.delete(await session.get(Recording, monday))

    async with meetings.database.read() as session:
        assert [(await session.scalars(select(table))).all() for table in (Sample, Refusal)] == [[], []]


async def test_a_deleted_person_leaves_nothing_but_the_name_in_transcripts(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)
    await meetings.accept(monday, "S1", zhang)

    assert (await meetings.ada.delete(f"/api/people/{zhang}")).status_code == 204

    async with meetings.database.read() as session:
        assert [(await session.scalars(select(table))).all() for table in (Person, Sample, Refusal)] == [[], [], []]
    transcript = (await meetings.ada.get(f"/api/recordings/{monday}/transcript")).json()
    assert transcript["document"]["speakers"] == [{"id": "S1", "name": "张三"}]


async def test_never_this_one_is_remembered_for_this_speaker_only(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    await meetings.accept(await meetings.record(0), "S1", zhang)
    friday, later = await meetings.record(10), await meetings.record(10)

    for _ in range(2):
        path = f"/api/recordings/{friday}/people/S1/refusals"
        assert (await meetings.ada.post(path, json={"person_id": zhang})).status_code == 204

    assert await meetings.suggested(friday) == {}
    assert await meetings.suggested(later) == {"S1": zhang}


async def test_accepting_after_a_refusal_takes_the_refusal_back(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    friday = await meetings.record(0)
    await meetings.ada.post(f"/api/recordings/{friday}/people/S1/refusals", json={"person_id": zhang})

    await meetings.accept(friday, "S1", zhang)

    async with meetings.database.read() as session:
        assert (await session.scalars(select(Refusal))).all() == []


async def test_merged_people_have_the_samples_the_consent_and_the_refusals_of_both(meetings: Meetings) -> None:
    zhang, old = await meetings.add("张三", consents=False), await meetings.add("小张")
    await meetings.accept(await meetings.record(0), "S1", old)
    friday = await meetings.record(10)
    await meetings.ada.post(f"/api/recordings/{friday}/people/S1/refusals", json={"person_id": old})

    merged = await meetings.ada.post(f"/api/people/{old}/merge", json={"into": zhang})

    assert (merged.json()["id"], merged.json()["samples"], merged.json()["consent"]["by"]) == (zhang, 1, "ada")
    assert list(await people_of(meetings)) == [zhang]
    assert await meetings.suggested(friday) == {}
    assert (await meetings.ada.post(f"/api/people/{zhang}/merge", json={"into": zhang})).status_code == 422


async def test_a_renamed_person_keeps_the_samples_and_transcripts_keep_the_name(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)
    await meetings.accept(monday, "S1", zhang)

    changed = await meetings.ada.patch(f"/api/people/{zhang}", json={"name": " 张\u202e 三丰 ", "note": "财务"})

    assert (changed.json()["name"], changed.json()["note"], changed.json()["samples"]) == ("张 三丰", "财务", 1)
    transcript = (await meetings.ada.get(f"/api/recordings/{monday}/transcript")).json()
    assert transcript["document"]["speakers"] == [{"id": "S1", "name": "张三"}]


async def test_one_sample_can_be_deleted(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    for degrees in (0, 10):
        await meetings.accept(await meetings.record(degrees), "S1", zhang)

    first, second = await samples_of(meetings, zhang)
    gone = await meetings.ada.delete(f"/api/people/{zhang}/samples/{first['id']}")

    assert (gone.status_code, await samples_of(meetings, zhang)) == (204, [second])
    assert (await meetings.ada.delete(f"/api/people/{zhang}/samples/{first['id']}")).status_code == 404
    assert (second["model"], second["seconds"], second["playable"]) == ("pyannote-3.1", 30.0, True)


async def test_voices_of_different_diarizers_are_not_compared(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    await meetings.accept(await meetings.record(0), "S1", zhang)

    assert await meetings.suggested(await meetings.record(0, model="pyannote-community-1")) == {}


async def test_a_recording_whose_artifacts_are_gone_has_no_suggestions_and_can_still_be_named(
    meetings: Meetings,
) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)
    for file in meetings.settings.uploads_dir.rglob("voices.json"):
        file.write_text("{}")

    assert await meetings.suggested(monday) == {}
    assert await meetings.accept(monday, "S1", zhang) == {"version": 2, "sample": False}


async def test_attendees_and_hotwords_come_first(meetings: Meetings) -> None:
    zhang, li = await meetings.add("张三"), await meetings.add("李四")
    monday = await meetings.record(0, 90)
    await meetings.accept(monday, "S1", zhang)
    await meetings.accept(monday, "S2", li)
    friday = await meetings.record(5, 95)
    async with meetings.database.write() as session:
        await session.execute(update(Job).where(Job.recording_id == friday).values(options={"hotwords": ["李四"]}))

    rows = (await meetings.ada.get(f"/api/recordings/{friday}/people")).json()["speakers"]

    assert [(row["suggestion"]["person_id"], row["suggestion"]["expected"]) for row in rows] == [
        (li, True),
        (zhang, False),
    ]


async def test_turned_off_nothing_is_read_or_written_but_can_be_looked_at_and_deleted(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday, friday = await meetings.record(0), await meetings.record(0)
    await meetings.accept(monday, "S1", zhang)
    meetings.turn(Voices.OFF)
    body = {"person_id": zhang}

    refused = [
        await meetings.ada.post("/api/people", json={"name": "李四"}),
        await meetings.ada.patch(f"/api/people/{zhang}", json={"name": "李四"}),
        await meetings.ada.put(f"/api/people/{zhang}/consent", json=CONSENT),
        await meetings.ada.post(f"/api/people/{zhang}/merge", json={"into": zhang}),
        await meetings.ada.put(f"/api/recordings/{friday}/people/S1", json=body),
        await meetings.ada.post(f"/api/recordings/{friday}/people/S1/refusals", json=body),
    ]

    assert {(one.status_code, one.json()["code"]) for one in refused} == {(409, "voices_off")}
    assert (await meetings.ada.get(f"/api/recordings/{friday}/people")).json() == {"voices": "off", "speakers": []}
    [sample] = await samples_of(meetings, zhang)
    assert (await meetings.ada.delete(f"/api/people/{zhang}/samples/{sample['id']}")).status_code == 204
    assert (await meetings.ada.delete(f"/api/people/{zhang}/consent")).status_code == 200
    assert (await meetings.ada.delete(f"/api/people/{zhang}")).status_code == 204


async def test_nobody_finds_the_people_of_others(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)
    await meetings.accept(monday, "S1", zhang)
    [sample] = await samples_of(meetings, zhang)
    eve = meetings.eve

    answers = [
        await eve.patch(f"/api/people/{zhang}", json={"name": "x"}),
        await eve.put(f"/api/people/{zhang}/consent", json=CONSENT),
        await eve.delete(f"/api/people/{zhang}/consent"),
        await eve.post(f"/api/people/{zhang}/merge", json={"into": zhang}),
        await eve.get(f"/api/people/{zhang}/samples"),
        await eve.delete(f"/api/people/{zhang}/samples/{sample['id']}"),
        await eve.delete(f"/api/people/{zhang}"),
        await eve.get(f"/api/recordings/{monday}/people"),
        await eve.put(f"/api/recordings/{monday}/people/S1", json={"person_id": zhang}),
        await eve.post(f"/api/recordings/{monday}/people/S1/refusals", json={"person_id": zhang}),
    ]

    assert {one.status_code for one in answers} == {404}
    assert (await eve.get("/api/people")).json()["people"] == []
    assert len(await samples_of(meetings, zhang)) == 1


async def test_no_vector_is_in_an_answer_or_unsealed_in_a_file(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(33)
    await meetings.accept(monday, "S1", zhang)
    paths = ["/api/people", f"/api/people/{zhang}/samples", f"/api/recordings/{monday}/people"]

    texts = [(await meetings.ada.get(path)).text for path in paths]
    files = [path.read_text() for path in meetings.settings.uploads_dir.rglob("*") if path.is_file()]

    assert files
    assert [text for text in [*texts, *files] if "vector" in text or "0.838" in text] == []


@pytest.mark.parametrize("name", ["", "\u202e", "\n\t", "名" * 65])
async def test_a_person_needs_a_name_that_can_be_shown(meetings: Meetings, name: str) -> None:
    refused = await meetings.ada.post("/api/people", json={"name": name})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


async def test_an_unknown_speaker_or_person_is_not_found(meetings: Meetings) -> None:
    zhang = await meetings.add("张三")
    monday = await meetings.record(0)

    nobody = await meetings.ada.put(f"/api/recordings/{monday}/people/S1", json={"person_id": "x"})
    nowhere = await meetings.ada.put(f"/api/recordings/{monday}/people/S9", json={"person_id": zhang})

    assert (nobody.json()["code"], nowhere.json()["code"]) == ("person_not_found", "speaker_not_found")
