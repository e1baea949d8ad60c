from typing import Any

import httpx
import pytest

from backend.minutes import service
from backend.minutes.api import edit, minutes
from backend.minutes.schema import MinutesContent
from backend.minutes.templates import BUILT_IN
from tests.shares.conftest import Api, api  # noqa: F401  (fixtures)
from tests.transcripts.conftest import document, scenario  # noqa: F401


@pytest.fixture
def edited(api: Api) -> Api:  # noqa: F811
    for module in (minutes, edit):
        api.app.include_router(module.router)
    return api


def path_of(api: Api, tail: str = "") -> str:  # noqa: F811
    return f"/api/recordings/{api.scenario.recording_id}/minutes{tail}"


async def read(api: Api) -> dict[str, Any]:  # noqa: F811
    answer: dict[str, Any] = (await api.ada.get(path_of(api))).raise_for_status().json()
    return answer


def body_of(minutes: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The body that saves these minutes with changes."""
    fields = edit.EditedMinutes.model_fields
    content = {name: value for name, value in minutes["content"].items() if name in fields}
    for part in ("overview", "decisions", "questions", "actions", "speakers"):
        content[part] = [{k: v for k, v in one.items() if k != "edited"} for one in content[part]]
    content["headline"] = {k: v for k, v in content["headline"].items() if k != "edited"}
    return {"based_on": minutes["number"], "content": content | changes}


async def save(api: Api, body: dict[str, Any]) -> httpx.Response:  # noqa: F811
    return await api.ada.put(path_of(api), json=body)


async def write_by_model(api: Api, decision: str) -> None:  # noqa: F811
    """Publish new minutes as a job does."""
    scope = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
    async with api.database.write() as session:
        first = await service.version(session, **scope, number=1)
        statement = {"text": decision, "evidence": [api.document.segments[1].id]}
        content = MinutesContent.model_validate(first.content | {"decisions": [statement]})
        facts: dict[str, Any] = {"job_id": None, "transcript": 1, "template": BUILT_IN["bluf"], "model": "m"}
        await service.publish(session, **scope, **facts, content=content)


async def test_an_edit_is_a_new_version_and_marks_what_a_person_changed(edited: Api) -> None:
    before = await read(edited)
    decision = {"text": "预算三百万，下周签字。", "evidence": before["content"]["decisions"][0]["evidence"]}
    task = {"text": "签字", "who": "李经理", "due": "2026-12-04", "done": True, "evidence": []}

    saved = await save(edited, body_of(before, decisions=[decision], actions=[task], meeting={"place": "二楼"}))

    after = await read(edited)
    assert saved.json() == after
    assert (after["number"], after["edited"], after["proposed"]) == (before["number"] + 1, True, None)
    [written], [task_written] = after["content"]["decisions"], after["content"]["actions"]
    assert (written["text"], written["edited"]) == (decision["text"], True)
    assert (task_written["due"], task_written["done"]) == ("2026-12-04", True)
    assert after["content"]["meeting"]["place"] == "二楼"
    assert [one["edited"] for one in after["content"]["overview"]] == [False]
    assert after["content"]["coverage"] == before["content"]["coverage"]


async def test_nobody_overwrites_a_version_that_they_have_not_seen(edited: Api) -> None:
    before = await read(edited)
    first = await save(edited, body_of(before, title="我的"))

    second = await save(edited, body_of(before, title="另一个窗口的"))

    assert (first.status_code, second.status_code) == (200, 409)
    assert (second.json()["code"], second.json()["newest"]) == ("minutes_changed", before["number"] + 1)
    assert (await read(edited))["content"]["title"] == "我的"


async def test_a_model_proposes_beside_edited_minutes_and_keeps_what_was_written(edited: Api) -> None:
    mine = {"text": "采购由李四负责。", "evidence": []}
    current = (await save(edited, body_of(await read(edited), decisions=[mine]))).json()
    await write_by_model(edited, "招两个人。")
    await write_by_model(edited, "招三个人。")

    shown = await read(edited)
    proposed = shown["proposed"]
    assert (shown["number"], proposed) == (current["number"], current["number"] + 2)
    stale = await edited.ada.post(path_of(edited, f"/proposals/{proposed}/accept"), json={"based_on": 1})
    replaced = await edited.ada.delete(path_of(edited, f"/proposals/{proposed - 1}"))
    accepted = await edited.ada.post(
        path_of(edited, f"/proposals/{proposed}/accept"), json={"based_on": shown["number"]}
    )

    assert [(one.status_code, one.json()["code"]) for one in (stale, replaced)] == [
        (409, "minutes_changed"),
        (409, "proposal_closed"),
    ]
    content = accepted.raise_for_status().json()["content"]
    assert [(one["text"], one["edited"]) for one in content["decisions"]] == [
        ("采购由李四负责。", True),
        ("招三个人。", False),
    ]
    assert (await read(edited))["proposed"] is None


async def test_a_proposal_can_be_declined_and_stays_among_the_versions(edited: Api) -> None:
    current = (await save(edited, body_of(await read(edited), title="我的"))).json()
    await write_by_model(edited, "招两个人。")

    declined = await edited.ada.delete(path_of(edited, f"/proposals/{current['number'] + 1}"))

    assert declined.status_code == 204
    assert ((await read(edited))["content"]["title"], (await read(edited))["proposed"]) == ("我的", None)
    versions = (await edited.ada.get(path_of(edited, "/versions"))).json()
    assert [(one["edited"], one["proposal"]) for one in versions] == [(False, "closed"), (True, None), (False, None)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"decisions": [{"text": "x", "evidence": ["nowhere"]}]}, "unknown_evidence"),
        ({"decisions": [{"text": " "}]}, "invalid_input"),
        ({"meeting": {"attachments": [{"name": "x", "url": "javascript:alert(1)"}]}}, "invalid_input"),
        ({"title": "x" * 201}, "invalid_input"),
        ({"coverage": {}}, "invalid_input"),
    ],
)
async def test_what_minutes_cannot_have_is_refused(edited: Api, changes: dict[str, Any], code: str) -> None:
    refused = await save(edited, body_of(await read(edited), **changes))

    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_minutes_of_others_cannot_be_edited(edited: Api) -> None:
    body = body_of(await read(edited))

    answers = [
        await edited.eve.put(path_of(edited), json=body),
        await edited.eve.post(path_of(edited, "/proposals/1/accept"), json={"based_on": 1}),
        await edited.eve.delete(path_of(edited, "/proposals/1")),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "minutes_not_found")] * 3
