"""Comments on the recording page, with the scripted engine."""

from typing import TYPE_CHECKING

import pytest

from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.sounds import talk

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture
def recording(server: Server, tmp_path: "Path") -> str:
    id, job = server.upload(talk(tmp_path / "评审.wav", seconds=6), allow_duplicate="true")
    assert server.ended(job)["status"] == "done"
    return id


def test_selected_text_is_commented_answered_and_resolved(page: "Page", server: Server, recording: str) -> None:
    address = f"/api/recordings/{recording}"
    segment = server.client.get(f"{address}/transcript").json()["document"]["segments"][0]
    quote = segment["text"][1:4]
    sign_in(page)
    page.goto(f"recordings/{recording}")
    row = page.locator(f"[data-segment='{segment['id']}'] .words")
    row.wait_for()
    page.get_by_role("complementary", name="侧栏").get_by_text("评论", exact=True).click()
    panel = page.get_by_role("region", name="评论")
    panel.get_by_text("在文稿里选中一段文字").wait_for()
    row.evaluate("words => getSelection().setBaseAndExtent(words.firstChild, 1, words.firstChild, 4)")
    panel.get_by_label("新评论").fill("谁负责？")
    panel.get_by_role("button", name="发送").click()
    panel.get_by_text("谁负责？").wait_for()
    until(lambda: page.evaluate("[...(CSS.highlights.get('commented') ?? [])].map(String)") == [quote])

    panel.get_by_role("button", name="回复").click()
    panel.get_by_label("回复").fill("王芳")
    panel.get_by_role("button", name="发送").click()
    panel.get_by_text("王芳").wait_for()
    panel.get_by_role("button", name="标为已解决").click()
    panel.get_by_label("显示已解决的（1）").check()
    panel.get_by_role("button", name="重新打开").wait_for()
    until(lambda: not page.evaluate("CSS.highlights.has('commented')"))

    [thread] = server.client.get(f"{address}/comments").json()
    assert (thread["quote"], thread["place"]["state"]) == (quote, "same")
    assert [one["text"] for one in thread["comments"]] == ["谁负责？", "王芳"]
    assert thread["resolved_at"] is not None
