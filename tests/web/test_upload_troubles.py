"""What may happen to a server while somebody sends it a recording, and what the page makes of it."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import built
from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.sounds import talk
from tests.web.test_upload import choose, line, recordings, sha256, slow_down

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two megabytes: some seconds on a slow line."""
    return talk(tmp_path / "长会.wav", seconds=120)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server that may be treated badly."""
    if not built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path)
    yield server
    server.close()


def window(browser: "Browser", server: Server) -> "Page":
    """Whatever it says while its server is gone is no complaint."""
    page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce")
    page.set_default_timeout(60_000)
    return page


def test_a_server_that_is_killed_and_comes_back_is_sent_the_rest(browser: "Browser", own: Server, long: Path) -> None:
    own.start()
    page = window(browser, own)
    asked: list[tuple[str, str | None]] = []
    page.on("request", lambda one: "/api/uploads" in one.url and asked.append((one.method, _offset(one.headers))))
    sign_in(page)
    slow_down(page)
    choose(page, long).get_by_role("button", name="开始上传").click()
    line(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    # A pause is when the server makes durable what came; so there is something that must not be sent again.
    line(page).get_by_role("button", name="暂停上传“长会.wav”").click()
    [left] = until(lambda: [one for one in own.client.get("/api/uploads").json()["items"] if one["received"]])
    line(page).get_by_role("button", name="继续上传“长会.wav”").click()
    line(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    own.kill()
    line(page).get_by_text("连不上服务器").wait_for()
    line(page).get_by_text("会自动继续，已传的不用重传").wait_for()
    page.get_by_text("实时连接断开了").wait_for()
    asked.clear()

    own.start(again=True)
    line(page).get_by_text("已上传").wait_for()

    offsets = [int(offset) for method, offset in asked if method == "PATCH" and offset is not None]
    assert min(offsets) >= left["received"] > 0
    assert ("POST", None) not in asked
    [meeting] = recordings(own, "长会")
    sent = own.client.get(f"/api/recordings/{meeting['id']}/original").content
    assert sha256(sent) == sha256(long.read_bytes())
    page.get_by_role("row").filter(has_text="长会.wav").get_by_text("已完成").wait_for()
    page.get_by_text("实时连接断开了").wait_for(state="detached")
    page.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_said_and_the_upload_goes_on_when_there_is_room(
    browser: "Browser", own: Server, long: Path
) -> None:
    uploads = own.folder / "uploads"
    uploads.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(uploads)], check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        own.start()
        page = window(browser, own)
        sign_in(page)
        slow_down(page)
        choose(page, long).get_by_role("button", name="开始上传").click()
        line(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
        _fill(uploads / "somebody else's")
        told = line(page).get_by_role("alert")
        told.get_by_text("服务器磁盘满了，请联系管理员。").wait_for()
        assert "会自动继续，已传的不用重传" in told.inner_text()
        assert recordings(own, "长会") == []

        (uploads / "somebody else's").unlink()
        line(page).get_by_text("已上传").wait_for()

        [meeting] = recordings(own, "长会")
        sent = own.client.get(f"/api/recordings/{meeting['id']}/original").content
        assert sha256(sent) == sha256(long.read_bytes())
        assert own.ended(meeting["job"]["id"])["status"] == "done"
        page.close()
    finally:
        own.close()
        subprocess.run(["umount", str(uploads)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(bytes(65536)):
            pass


def _offset(headers: dict[str, str]) -> str | None:
    return headers.get("upload-offset")
