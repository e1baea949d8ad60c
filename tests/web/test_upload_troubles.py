"""Uploads while the server is killed or its disk is full, in a real browser."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import is_built
from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.sounds import talk
from tests.web.test_upload import choose, recordings, sha256, slow_down, upload_list

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two megabytes: several seconds on a slow connection."""
    return talk(tmp_path / "长会.wav", seconds=120)


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path)
    yield server
    server.close()


def window(browser: "Browser", server: Server) -> "Page":
    """A window whose console errors are ignored, because its server goes away."""
    page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce")
    page.set_default_timeout(60_000)
    return page


def test_an_upload_resumes_after_the_server_was_killed_and_restarted(
    browser: "Browser", killable: Server, long: Path
) -> None:
    killable.start()
    page = window(browser, killable)
    requests: list[tuple[str, str | None]] = []
    page.on("request", lambda one: "/api/uploads" in one.url and requests.append((one.method, _offset(one.headers))))
    sign_in(page)
    slow_down(page)
    choose(page, long).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    # A pause makes the server persist what has arrived, so there is data that must not be sent again.
    upload_list(page).get_by_role("button", name="暂停上传“长会.wav”").click()
    [left] = until(lambda: [one for one in killable.client.get("/api/uploads").json()["items"] if one["received"]])
    upload_list(page).get_by_role("button", name="继续上传“长会.wav”").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    killable.kill()
    upload_list(page).get_by_text("连不上服务器").wait_for()
    upload_list(page).get_by_text("会自动继续，已传的不用重传").wait_for()
    page.get_by_text("实时连接断开了").wait_for()
    requests.clear()

    killable.start(again=True)
    upload_list(page).get_by_text("已上传").wait_for()

    offsets = [int(offset) for method, offset in requests if method == "PATCH" and offset is not None]
    assert min(offsets) >= left["received"] > 0
    assert ("POST", None) not in requests
    [meeting] = recordings(killable, "长会")
    sent = killable.client.get(f"/api/recordings/{meeting['id']}/original").content
    assert sha256(sent) == sha256(long.read_bytes())
    page.get_by_role("row").filter(has_text="长会").get_by_text("已完成").wait_for()
    page.get_by_text("实时连接断开了").wait_for(state="detached")
    page.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_an_upload_waits_for_disk_space_and_resumes(browser: "Browser", killable: Server, long: Path) -> None:
    uploads = killable.folder / "uploads"
    uploads.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(uploads)], check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        killable.start()
        page = window(browser, killable)
        sign_in(page)
        slow_down(page)
        choose(page, long).get_by_role("button", name="开始上传").click()
        upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
        _fill(uploads / "somebody else's")
        alert = upload_list(page).get_by_role("alert")
        alert.get_by_text("服务器磁盘满了，请联系管理员。").wait_for()
        assert "会自动继续，已传的不用重传" in alert.inner_text()
        assert recordings(killable, "长会") == []

        (uploads / "somebody else's").unlink()
        upload_list(page).get_by_text("已上传").wait_for()

        [meeting] = recordings(killable, "长会")
        sent = killable.client.get(f"/api/recordings/{meeting['id']}/original").content
        assert sha256(sent) == sha256(long.read_bytes())
        assert killable.ended(meeting["job"]["id"])["status"] == "done"
        page.close()
    finally:
        killable.close()
        subprocess.run(["umount", str(uploads)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(bytes(65536)):
            pass


def _offset(headers: dict[str, str]) -> str | None:
    return headers.get("upload-offset")
