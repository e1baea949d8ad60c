"""What was said is typed, heard and opened in a real browser."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.test_editor import rows
from tests.web.test_journeys import AXE, axe, open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Said in one segment.
SAID = "预算一共是三百二十万，下周三之前要定下来。"


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a transcribed recording; its second segment is `SAID`."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    address = f"/api/recordings/{recording}/transcript"
    now = server.client.get(address).json()
    now["document"]["segments"][1].update(text=SAID, words=[])
    names = [{"id": one["id"], "name": f"张敏{number}"} for number, one in enumerate(now["document"]["speakers"])]
    document = {"speakers": names, "segments": now["document"]["segments"]}
    server.client.put(address, json={"based_on": now["number"], "document": document}).raise_for_status()
    return recording


def look_for(page: "Page", text: str) -> None:
    field = page.get_by_role("searchbox", name="搜索所有录音里说过的话")
    field.fill(text)
    field.press("Enter")


def test_what_was_said_is_heard_and_opened_in_two_clicks(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("link", name="搜索").click()

    look_for(page, "預算 下周")
    group = page.get_by_role("article").first
    group.get_by_role("listitem").first.wait_for()
    assert ["预算", "下周"] == group.get_by_role("mark").all_inner_texts()
    group.get_by_role("button", name=re.compile("^从 .* 播放$")).click()
    group.get_by_role("button", name="暂停").wait_for()
    group.get_by_role("button", name="暂停").click()

    group.get_by_role("listitem").get_by_role("link").click()
    until(lambda: rows(page).nth(1).is_visible())
    start = server.client.get(f"/api/recordings/{recording}/transcript").json()["document"]["segments"][1]["start"]
    until(lambda: int(start) == page.evaluate("Math.floor(Number(location.hash.slice(4)))"))
    page.go_back()
    until(lambda: page.get_by_role("mark").count() == 2)  # the search is in the address


def test_nothing_found_and_nothing_to_find_are_said(page: "Page", recording: str) -> None:
    sign_in(page)
    page.goto("/search")
    look_for(page, "没有人说过的话")
    page.get_by_text("没有找到“没有人说过的话”").wait_for()

    look_for(page, "，。")
    page.get_by_role("alert").get_by_text("请输入至少一个字或数字").wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_on_the_search_page(page: "Page", recording: str, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 860})
    sign_in(page)
    page.goto("/search?q=预算")
    page.get_by_role("article").first.wait_for()

    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
