"""The translation panel in a real browser: translate, correct, edit the text, translate again, download."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from docx import Document as open_document

from tests.language_server import LanguageServer, ModelRequest, Reply, serve_language
from tests.minutes.models import lines_of
from tests.serving import Server
from tests.web.conftest import server_with_language_model
from tests.web.panels import HOSTILE, newest, open_tab
from tests.web.test_journeys import AXE, axe, open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Page


def model(request: ModelRequest) -> Reply:
    return Reply({"lines": [{"n": number, "t": f"Line {number} of the talk"} for number, _, _ in lines_of(request)]})


@pytest.fixture(scope="module")
def language() -> Iterator[LanguageServer]:
    with serve_language(model) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    with server_with_language_model(tmp_path_factory.mktemp("translation"), language) as server:
        yield server


def test_a_transcript_is_translated_corrected_and_downloaded(page: "Page", server: Server, sound: Path) -> None:
    id, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    count = len(newest(server, id)["document"]["segments"])
    open_editor(page, id)
    open_tab(page, "翻译")
    panel = page.get_by_role("region", name="翻译")
    panel.get_by_role("button", name="译成英语").click()
    panel.get_by_text(f"{count} 段中译好 {count} 段").wait_for()
    lines = panel.get_by_role("list", name="逐段译文").get_by_role("listitem")
    assert "Line 1 of the talk" in lines.nth(0).inner_text()

    lines.nth(0).get_by_role("button", name="改译文").click()
    lines.nth(0).get_by_role("textbox").fill(f"Good morning {HOSTILE}")
    lines.nth(0).get_by_role("button", name="保存").click()
    lines.nth(0).get_by_text("人工改过").wait_for()
    assert page.locator("img[src=x]").count() == 0

    page.locator(".words").nth(1).fill("这一段改过了。")
    page.locator(".words").nth(2).click()
    panel.get_by_role("button", name="重译 1 段").click()
    panel.get_by_text(f"{count} 段中译好 {count} 段").wait_for()
    panel.get_by_role("button", name="重译 1 段").wait_for(state="detached")
    assert "这一段改过了。" in lines.nth(1).inner_text()
    assert f"Good morning {HOSTILE}" in lines.nth(0).inner_text()
    if AXE.exists():
        assert axe(page) == []

    with page.expect_download() as downloaded:
        panel.get_by_role("button", name="下载").click()
    paragraphs = [one.text for one in open_document(io.BytesIO(Path(downloaded.value.path()).read_bytes())).paragraphs]
    assert paragraphs[paragraphs.index("这一段改过了。") + 1] == "Line 2 of the talk"
