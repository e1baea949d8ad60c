"""Minutes edited by hand in a real browser, and what a rewrite by the model does with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.language_server import serve_language
from tests.minutes.models import good
from tests.serving import Server, until
from tests.web.conftest import server_with_language_model
from tests.web.panels import open_tab, playing_segment
from tests.web.test_journeys import AXE, axe, open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SENTENCE = "预算三百万，下周一签字。"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("minutes")
    with serve_language(good) as language, server_with_language_model(folder, language) as server:
        yield server


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a recording with minutes of the model."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    written = server.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert server.ended(written["id"])["status"] == "done"
    return recording


def minutes_of(server: Server, recording: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.client.get(f"/api/recordings/{recording}/minutes").raise_for_status().json()
    return answer


def open_minutes(page: "Page", recording: str) -> "Locator":
    open_editor(page, recording)
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("button", name="编辑", exact=True).wait_for()
    return panel


def test_what_a_person_wrote_survives_a_reload_and_a_rewrite_by_the_model(
    page: "Page", server: Server, recording: str
) -> None:
    panel = open_minutes(page, recording)
    panel.get_by_role("button", name="编辑", exact=True).click()
    form = page.get_by_role("form", name="编辑纪要")
    form.get_by_role("textbox", name="决议 1", exact=True).fill(SENTENCE)
    form.get_by_role("checkbox", name="完成：").first.check()
    form.get_by_label("第 1 项待办的期限").fill("2026-12-04")
    form.get_by_label("地点", exact=True).fill("二楼会议室")
    if AXE.exists():
        assert not axe(page)
    page.reload()  # nothing that was typed is lost
    open_tab(page, "纪要")
    form.get_by_text("已恢复上次没有保存的修改。").wait_for()
    form.get_by_role("button", name="保存").click()
    form.wait_for(state="detached")
    panel.get_by_text(SENTENCE).wait_for()
    page.reload()
    open_tab(page, "纪要")
    panel.get_by_text(SENTENCE).wait_for()
    panel.get_by_text("期限：2026-12-04").wait_for()
    assert panel.get_by_role("checkbox", name="完成：").first.is_checked()

    panel.get_by_role("button", name="重写纪要").click()
    panel.get_by_text("语言模型重写了一份").wait_for()
    assert panel.get_by_text(SENTENCE).is_visible()
    panel.get_by_role("button", name="采用", exact=True).click()
    panel.get_by_text("语言模型重写了一份").wait_for(state="hidden")

    content = minutes_of(server, recording)["content"]
    assert (content["decisions"][0]["text"], content["decisions"][0]["edited"]) == (SENTENCE, True)
    assert (content["actions"][0]["done"], content["actions"][0]["due"]) == (True, "2026-12-04")
    assert content["meeting"]["place"] == "二楼会议室"
    assert panel.get_by_text(SENTENCE).is_visible()


def test_the_mind_map_of_minutes_leads_to_their_evidence(page: "Page", recording: str) -> None:
    panel = open_minutes(page, recording)
    panel.get_by_role("button", name="思维导图").click()
    shown = panel.get_by_role("region", name="思维导图")
    shown.get_by_text("待办事项").wait_for()
    if AXE.exists():
        assert not axe(page)
    shown.get_by_role("button").first.press("Enter")
    until(lambda: playing_segment(page))


def test_two_windows_lose_nothing(page: "Page", server: Server, recording: str) -> None:
    panel = open_minutes(page, recording)
    panel.get_by_role("button", name="编辑", exact=True).click()
    form = page.get_by_role("form", name="编辑纪要")
    form.get_by_role("textbox", name="决议 1", exact=True).fill(SENTENCE)
    first = minutes_of(server, recording)
    body = {"based_on": first["number"], "content": {"title": "另一个窗口的标题"}}
    server.client.put(f"/api/recordings/{recording}/minutes", json=body).raise_for_status()

    form.get_by_role("button", name="保存").click()
    form.get_by_text("这份纪要在别处改过了").wait_for()
    form.get_by_role("button", name="保存我的").click()

    def numbers() -> list[int]:
        versions = server.client.get(f"/api/recordings/{recording}/minutes/versions").json()
        return [one["number"] for one in versions]

    until(lambda: numbers() == [first["number"] + 2, first["number"] + 1, first["number"]])
    form.wait_for(state="detached")
    panel.get_by_text(SENTENCE).wait_for()
    theirs = server.client.get(f"/api/recordings/{recording}/minutes", params={"version": first["number"] + 1}).json()
    assert theirs["content"]["title"] == "另一个窗口的标题"


def test_a_task_is_ticked_where_it_is_read_and_evidence_moves_by_its_menu(
    page: "Page", server: Server, recording: str
) -> None:
    panel = open_minutes(page, recording)
    panel.get_by_role("checkbox", name="完成：").first.click()  # it is ticked when the server has saved it
    until(lambda: minutes_of(server, recording)["content"]["actions"][0]["done"])

    panel.get_by_role("button", name="编辑", exact=True).click()
    form = page.get_by_role("form", name="编辑纪要")
    form.get_by_role("button", name="加一条：决议").click()
    count = len(minutes_of(server, recording)["content"]["decisions"])
    form.get_by_role("textbox", name=f"决议 {count + 1}", exact=True).fill(SENTENCE)
    line = form.get_by_role("listitem").filter(has=page.get_by_role("textbox", name=f"决议 {count}", exact=True))
    line.get_by_role("button", name="的依据").first.click()
    page.get_by_role("menuitem", name="移到下一条").click()
    form.get_by_role("button", name="保存").click()
    form.wait_for(state="detached")
    panel.get_by_text(SENTENCE).wait_for()

    decisions = minutes_of(server, recording)["content"]["decisions"]
    assert decisions[-1]["text"] == SENTENCE
    assert len(decisions[-1]["evidence"]) == 1
