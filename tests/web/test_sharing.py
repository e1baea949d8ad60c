"""Exports and share links in a real browser."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from docx import Document as open_document
from pypdf import PdfReader

from backend.speech.numbers import find_numbers
from backend.speech.spans import rewrite
from tests.serving import Server, until
from tests.web.conftest import errors_of
from tests.web.test_journeys import AXE, axe, open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent.parent
#: Used as a name and as text: it must never run or load anything.
SCRIPT = "<img src=x onerror=pwned=1><script>pwned=1</script>\"'&]]>"


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a transcribed recording."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    return recording


@pytest.fixture
def visitor(server: Server, browser: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Windows of visitors without an account; console errors in them fail the test."""
    contexts = []
    errors: list[list[str]] = []

    def window(**options: object) -> "Page":
        base = str(server.client.base_url)
        context = browser.new_context(base_url=base, locale="zh-CN", **options)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        errors.append(errors_of(page))
        return page

    yield window
    for context in contexts:
        context.close()
    assert [one for window in errors for one in window] == []


def inject_script(server: Server, recording: str, text: str = f"={SCRIPT}。") -> None:
    """Write a script into a speaker's name and into the text."""
    address = f"/api/recordings/{recording}/transcript"
    now = server.client.get(address).json()
    segments = now["document"]["segments"]
    segments[0]["text"] = text
    names = {"id": now["document"]["speakers"][0]["id"], "name": SCRIPT[:60]}
    document = {"speakers": [names, *now["document"]["speakers"][1:]], "segments": segments}
    server.client.put(address, json={"based_on": now["number"], "document": document}).raise_for_status()


def exported(page: "Page", format: str, *unwanted: str) -> bytes:
    """The file downloaded with the export dialog."""
    page.get_by_role("button", name="导出", exact=True).click()
    dialog = page.get_by_role("dialog", name="导出文稿")
    dialog.get_by_role("radio", name=re.compile(re.escape(format))).check()
    for name in unwanted:
        dialog.get_by_role("checkbox", name=name).uncheck()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="下载", exact=True).click()
    dialog.wait_for(state="hidden")
    return Path(download.value.path()).read_bytes()


def shared(page: "Page", *shown: str) -> tuple[str, str]:
    """Create a share link; return the link and the access code."""
    page.get_by_role("button", name="分享", exact=True).click()
    dialog = page.get_by_role("dialog", name="分享给没有账号的人")
    for name in shown:
        dialog.get_by_role("checkbox", name=name).check()
    dialog.get_by_role("button", name="创建链接").click()
    link = dialog.get_by_text(re.compile(r"^http://.*/s/[0-9a-f]{32}$")).inner_text()
    code = dialog.get_by_text(re.compile(r"^\w{4}-\w{4}$")).inner_text()
    return link, code


def enter(page: "Page", link: str, code: str) -> None:
    page.goto(link)
    page.get_by_label("请输入分享者给你的访问码。").fill(code)
    page.get_by_role("button", name="打开").click()


def test_an_export_contains_text_typed_just_before(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("list", name="文稿").get_by_role("textbox").first.fill("刚刚改的。")

    text = exported(page, "SRT").decode()

    assert "刚刚改的" in text
    assert re.match(r"1\n00:00:\d\d,\d{3} --> ", text)


def test_a_word_export_has_names_as_text_and_no_external_targets(page: "Page", server: Server, recording: str) -> None:
    inject_script(server, recording)
    open_editor(page, recording)

    file = exported(page, "DOCX", "时间")

    paragraphs = [one.text for one in open_document(io.BytesIO(file)).paragraphs]
    assert f"={SCRIPT}。" in paragraphs
    assert SCRIPT[:60] in paragraphs
    assert not any(re.search(r"\d\d:\d\d:\d\d", text) for text in paragraphs[1:])
    with ZipFile(io.BytesIO(file)) as parts:
        assert b'TargetMode="External"' not in b"".join(parts.read(name) for name in parts.namelist())


def test_a_pdf_export_contains_the_text(page: "Page", server: Server, recording: str, font: Path) -> None:
    assert font
    inject_script(server, recording)
    open_editor(page, recording)

    file = exported(page, "PDF", "发言人")

    found = "".join("".join(one.extract_text().split()) for one in PdfReader(io.BytesIO(file)).pages)
    said = [
        one["text"]
        for one in server.client.get(f"/api/recordings/{recording}/transcript").json()["document"]["segments"]
    ]
    for text in said:
        written = rewrite(text, find_numbers(text))  # numbers are as people write them, as on the page
        assert "".join(written.split()) in found
    assert b"/JavaScript" not in file


def test_a_csv_export_has_no_formula_cells(page: "Page", server: Server, recording: str) -> None:
    inject_script(server, recording)
    open_editor(page, recording)

    text = exported(page, "CSV").decode("utf-8")

    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert text.startswith("\ufeff开始,结束,发言人,文字")
    assert rows[1][3] == f"'={SCRIPT}。"


def test_quick_export_uses_the_last_options(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    assert "00:0" not in exported(page, "Markdown", "时间").decode()
    page.reload()

    with page.expect_download() as download:
        page.get_by_role("button", name="下载：Markdown (MD)").click()

    assert download.value.suggested_filename.endswith(".md")
    assert "00:0" not in Path(download.value.path()).read_text(encoding="utf-8")


def test_a_share_link_is_created_opened_played_and_revoked(
    page: "Page", server: Server, recording: str, visitor: Callable[..., "Page"]
) -> None:
    inject_script(server, recording)
    open_editor(page, recording)
    link, code = shared(page, "音频", "纪要")
    guest = visitor()

    enter(guest, link, "AAAA-AAAA")
    guest.get_by_role("alert").get_by_text("访问码不对").wait_for()
    guest.get_by_label("请输入分享者给你的访问码。").fill(code.lower())
    guest.get_by_role("button", name="打开").click()

    guest.get_by_role("heading", name="文稿").wait_for()
    guest.get_by_text(f"={SCRIPT}。").wait_for()
    guest.get_by_text("还没有纪要。").wait_for()
    assert guest.evaluate("typeof pwned") == "undefined"
    assert guest.locator(".shared-page img, .shared-page script").count() == 0
    rows = guest.get_by_role("region", name="文稿").get_by_role("listitem")
    rows.nth(1).get_by_role("button").click()
    until(lambda: rows.nth(1).get_attribute("aria-current") == "true")
    until(lambda: guest.evaluate("document.querySelector('audio').currentTime") > 0)
    guest.reload()
    guest.get_by_role("heading", name="文稿").wait_for()

    page.reload()
    page.get_by_role("button", name="分享", exact=True).click()
    page.get_by_text("打开过 1 次").wait_for()
    page.get_by_role("region", name="已有的链接").get_by_role("button", name="撤销").click()
    page.get_by_role("dialog", name="撤销这个链接？").get_by_role("button", name="撤销").click()
    page.get_by_text("已撤销").wait_for()

    guest.reload()
    guest.get_by_role("alert").get_by_text("这个链接已经失效").wait_for()
    assert (
        guest.evaluate(
            "fetch(document.location.pathname.replace('/s/', '/api/shares/') + '/audio').then(a => a.status)"
        )
        == 404
    )


def test_a_share_link_shows_only_the_selected_content(
    page: "Page", server: Server, recording: str, visitor: Callable[..., "Page"]
) -> None:
    inject_script(server, recording, "预算是三百二十万。")
    open_editor(page, recording)
    link, code = shared(page)
    guest = visitor()

    enter(guest, link, code)

    guest.get_by_role("heading", name="文稿").wait_for()
    guest.get_by_text("预算是320万。").wait_for()
    guest.get_by_label("数字写成").uncheck()
    guest.get_by_text("预算是三百二十万。").wait_for()
    assert guest.locator("audio").count() == 0
    assert guest.get_by_role("heading", name="纪要").count() == 0
    assert guest.locator("meta[name=robots][content*=noindex]").count() == 1
    assert guest.request.get(link).headers["x-robots-tag"] == "noindex, nofollow"


def test_an_unknown_share_link_shows_an_error(visitor: Callable[..., "Page"]) -> None:
    guest = visitor()

    guest.goto(f"/s/{'0' * 32}")

    guest.get_by_role("alert").get_by_text("这个链接已经失效").wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_a_shared_page(
    page: "Page", recording: str, visitor: Callable[..., "Page"], scheme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    open_editor(page, recording)
    page.get_by_role("button", name="导出", exact=True).click()
    page.get_by_role("dialog").get_by_text("示例").wait_for()
    found = axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    link, code = shared(page, "音频", "纪要")
    found += axe(page)
    guest = visitor(color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    guest.goto(link)
    guest.get_by_role("button", name="打开").wait_for()
    found += axe(guest)
    enter(guest, link, code)
    guest.get_by_role("heading", name="文稿").wait_for()
    guest.get_by_text("还没有纪要。").wait_for()
    found += axe(guest)
    assert guest.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"

    assert not found, "\n".join(found)


def test_the_share_page_loads_no_code_of_the_main_application(
    page: "Page", recording: str, visitor: Callable[..., "Page"]
) -> None:
    open_editor(page, recording)
    link, _ = shared(page)
    guest = visitor()
    loaded: list[str] = []
    guest.on("response", lambda answer: loaded.append(answer.url))

    guest.goto(link)
    guest.get_by_role("button", name="打开").wait_for()

    assert any("SharePage" in address for address in loaded)
    assert not [address for address in loaded if re.search("App-|RecordingPage|/api/auth", address)]
