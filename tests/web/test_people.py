"""A voice that somebody has named is suggested in the next recording, by consent, and goes with its person."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serving import Server
from tests.web.conftest import is_built, playwright, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = playwright.expect


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path_factory.mktemp("server"), VOICES="own")
    server.start()
    yield server
    server.close()


def test_a_voice_is_remembered_suggested_accepted_and_forgotten(page: "Page", server: Server, sound: Path) -> None:
    recordings = []
    for _ in range(2):
        recording, job = server.upload(sound, allow_duplicate="true")
        assert server.ended(job)["status"] == "done"
        recordings.append(recording)
    monday, friday = recordings
    sign_in(page)

    page.goto(f"recordings/{monday}")
    page.get_by_role("button", name="记住声音…").click()
    page.get_by_label("姓名").fill("张三")
    page.get_by_label("本人同意保留声音样本").check()
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_label("给张三改名")).to_be_visible()

    page.goto(f"recordings/{friday}")
    likely = page.get_by_role("list", name="可能是谁")
    expect(likely).to_contain_text("像 张三 · 很像")
    likely.get_by_role("button", name="是张三", exact=True).click()
    expect(page.get_by_label("给张三改名")).to_be_visible()
    expect(likely.get_by_role("listitem")).to_have_count(0)

    page.goto("account/people")
    expect(page.get_by_role("list", name="人员")).to_contain_text("2 个样本，来自 2 条录音")
    page.get_by_role("button", name="删除张三").click()
    page.get_by_role("button", name="删除", exact=True).last.click()
    expect(page.get_by_text("还没有人员。")).to_be_visible()
