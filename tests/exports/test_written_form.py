"""The spans of numbers and scripts over a transcript, for the page and for clients of the API."""

from dataclasses import replace

import pytest

from backend.exports.api.written_form import MAX_CHARACTERS
from backend.jobs.tables import Job
from backend.transcripts import service as transcripts
from backend.transcripts.document import rename_speaker
from tests.shares.conftest import Api


def path(api: Api) -> str:
    return f"/api/recordings/{api.scenario.recording_id}/transcript/written-form"


async def publish(api: Api, text: str, *, language: str = "zh", name: str | None = None) -> None:
    """A version in which the first segment has this text."""
    first, *others = api.document.segments
    document = replace(api.document, segments=(replace(first, text=text, words=()), *others), language=language)
    await api.scenario.publish(rename_speaker(document, "S1", name))


async def spans(api: Api, *texts: str, **options: object) -> list[list[list[object]]]:
    answer = await api.ada.post(path(api), json={"texts": texts, **options})
    found: list[list[list[object]]] = answer.raise_for_status().json()["spans"]
    return found


async def test_a_version_has_spans_beside_its_text(api: Api) -> None:
    await publish(api, "𠮷二零二六年用三百二十万。")

    answer = (await api.ada.get(path(api))).json()
    async with api.database.read() as session:
        owned = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
        stored = (await transcripts.newest(session, **owned)).document["segments"][0]
    earlier = (await api.ada.get(path(api), params={"version": 1})).json()

    assert {"number": 2, "segments": {stored["id"]: [[1, 5, "2026"], [7, 12, "320万"]]}} == answer
    assert "𠮷二零二六年用三百二十万。" == stored["text"]
    assert {"number": 1, "segments": {}} == earlier


async def test_texts_have_spans_in_the_order_of_the_request(api: Api) -> None:
    assert [[[0, 5, "320万"]], [], [[0, 1, "3"], [2, 3, "5"]]] == await spans(api, "三百二十万", "七八个", "三月五日")
    assert [[[0, 5, "320萬"], [6, 7, "軟"], [7, 8, "體"]]] == await spans(api, "三百二十万的软件", script="taiwan")
    assert [[]] == await spans(api, "三百二十万", numbers=False)


async def test_many_texts_are_written_like_few(api: Api) -> None:
    text = "我们用三百二十万买软件，" * 100

    (few,) = await spans(api, text, script="taiwan")
    many = await spans(api, *[text] * 20, script="taiwan")  # 72 kB: more than most routes read

    assert [few] * 20 == many
    assert 100 * [[3, 8, "320萬"]] == [[start % 12, end % 12, new] for start, end, new in few if "3" in new]


async def test_names_and_hotwords_are_left_alone(api: Api) -> None:
    await publish(api, "范伟用余额宝发言。", name="范伟")
    async with api.database.write() as session:
        owned = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
        session.add(Job(**owned, options={"hotwords": ["余额宝"]}))

    whole = (await api.ada.get(path(api), params={"script": "taiwan"})).json()["segments"]
    (one,) = await spans(api, "范伟用余额宝发言。", script="taiwan", protected=["范伟"])

    assert [[6, 7, "發"]] == whole[api.document.segments[0].id] == one


@pytest.mark.parametrize("language", ["ja", "ko"])
async def test_a_transcript_in_another_language_has_none(api: Api, language: str) -> None:
    await publish(api, "三百二十万", language=language)

    assert {} == (await api.ada.get(path(api))).json()["segments"]


@pytest.mark.parametrize(
    "body",
    [
        {"texts": ["一" * 20_000] * (MAX_CHARACTERS // 20_000 + 1)},
        {"texts": ["一" * 20_001]},
        {"texts": [""] * 1001},
        {"texts": ["一"], "script": "seal"},
        {},
    ],
    ids=["all", "one", "many", "script", "none"],
)
async def test_a_request_that_is_too_large_or_wrong_is_refused(api: Api, body: dict[str, object]) -> None:
    answer = await api.ada.post(path(api), json=body)

    assert (422, "invalid_input") == (answer.status_code, answer.json()["code"])


async def test_a_recording_of_another_user_is_not_found(api: Api) -> None:
    answers = [await api.eve.get(path(api)), await api.eve.post(path(api), json={"texts": ["三百"]})]

    assert [404, 404] == [one.status_code for one in answers]


async def test_visitors_of_a_link_have_the_spans_of_what_it_shows(api: Api) -> None:
    await publish(api, "二零二六年用三百二十万。")
    share, code = await api.share()
    visitor = api.anonymous()
    path = f"/api/shares/{share}/transcript/written-form"
    before = await visitor.get(path)

    await visitor.post(f"/api/shares/{share}/open", json={"access_code": code})

    assert (401, "code_wanted") == (before.status_code, before.json()["code"])
    assert [[[0, 4, "2026"], [6, 11, "320万"]]] == list((await visitor.get(path)).json()["segments"].values())
    assert {} == (await visitor.get(path, params={"numbers": False})).json()["segments"]
