"""The server under /asr/ of a host, behind nginx that passes the path on and behind a proxy that removes it."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from backend.page import is_built
from tests.proxies import free_port, nginx, prefix_removing_proxy
from tests.serving import ROOT, Server, until
from tests.web.conftest import errors_of, sign_in
from tests.web.test_sharing import enter, exported, shared

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Site:
    origin: str  #: of the proxy
    server: Server


@pytest.fixture(scope="module", params=["nginx", "removing"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    folder = tmp_path_factory.mktemp("site")
    if request.param == "removing":
        with closing(Server(folder)) as server:  # only the proxy knows the path
            server.start()
            with prefix_removing_proxy("/asr", server.port) as port:
                yield Site(f"http://127.0.0.1:{port}", server)
        return
    port = free_port()
    with closing(Server(folder, PUBLIC_URL=f"http://127.0.0.1:{port}/asr/")) as server:
        server.start()
        location = (ROOT / "deploy" / "nginx-path.conf").read_text(encoding="utf-8")
        assert location.count("127.0.0.1:8000") == 2
        location = location.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        with nginx(folder, port, f"server {{ listen 127.0.0.1:{port}; {location} }}"):
            yield Site(f"http://127.0.0.1:{port}", server)


@pytest.fixture
def page(site: Site, browser: "Browser") -> Iterator["Page"]:
    """A window whose addresses begin at the host. Requests outside of /asr/ and errors in its console fail the test."""
    context = browser.new_context(
        base_url=f"{site.origin}/asr/", locale="zh-CN", viewport={"width": 1360, "height": 860}, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors, asked = errors_of(page), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:")))
    yield page
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith((f"{site.origin}/asr/", "blob:", "data:"))] == []
    assert f"{site.origin}/asr/api/events" in asked or "/s/" in asked[0] or "/docs" in asked[0]


def test_the_main_journey_works_under_a_path(site: Site, page: "Page", browser: "Browser", sound: Path) -> None:
    sign_in(page)
    page.get_by_role("button", name="上传录音").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files([sound])
    dialog.get_by_role("button", name="开始上传").click()
    row = page.get_by_role("row").filter(has_text=sound.stem).first
    row.get_by_text("已完成").wait_for()  # over tus, and the socket said so

    row.get_by_role("link").click()
    page.get_by_role("list", name="文稿").wait_for()
    assert re.fullmatch("/asr/recordings/[0-9a-f]{32}", urlsplit(page.url).path)
    page.reload()  # the cookie and the assets are found from a deep address
    page.get_by_role("list", name="文稿").wait_for()
    page.get_by_role("button", name="播放", exact=True).click()
    page.get_by_role("button", name="暂停", exact=True).wait_for()  # the media cookie was sent
    assert "大家早上好" in exported(page, "SRT").decode()

    link, code = shared(page, "音频")
    assert link.startswith(f"{site.origin}/asr/s/")
    visitor = browser.new_page(locale="zh-CN")
    enter(visitor, link, code)
    visitor.get_by_text("大家早上好").first.wait_for()
    visitor.wait_for_function("document.querySelector('audio').readyState > 0")  # its cookie was sent, too
    visitor.close()

    page.keyboard.press("Escape")
    page.goto("account")
    page.get_by_role("heading", name="我的账号").wait_for()
    cookies = {cookie["name"]: cookie["path"] for cookie in page.context.cookies()}
    assert cookies == {
        "meeting_asr_refresh": "/asr/api/auth",
        "meeting_asr_device": "/asr/api/auth",
        "meeting_asr_media": "/asr/api/recordings",
    }


def test_the_documentation_tries_its_calls_under_the_path(site: Site, page: "Page") -> None:
    page.goto("docs")
    page.get_by_role("button", name="Authorize").click()
    dialog = page.get_by_role("dialog").or_(page.locator(".dialog-ux")).first
    dialog.get_by_label("username:").fill("chief")
    dialog.get_by_label("password:").fill("a password of the tests")
    with page.expect_response(lambda answer: answer.request.method == "POST") as signed_in:
        dialog.get_by_role("button", name="Apply given OAuth2 credentials").or_(
            dialog.get_by_role("button", name="Authorize")
        ).first.click()

    assert urlsplit(signed_in.value.url).path == "/asr/api/auth/login"
    assert signed_in.value.status == 200
    servers = page.evaluate("fetch('openapi.json').then((answer) => answer.json()).then((text) => text.servers)")
    assert servers == [{"url": "/asr"}]


def test_the_server_also_answers_without_the_path(site: Site) -> None:
    assert until(lambda: site.server.client.get("/ready").status_code) == 200
    assert 'content="' in site.server.client.get("/recordings/x").text
