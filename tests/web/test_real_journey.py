"""A recording from upload to export with real models."""

import csv
import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import jiwer
import pytest

from backend.ffmpeg import ffmpeg_path
from backend.page import is_built
from backend.speech.text import spoken_characters
from tests.serving import Server, until
from tests.test_real_meeting import models  # noqa: F401  (a fixture)
from tests.web.conftest import sign_in
from tests.web.test_console import choose
from tests.web.test_journeys import document, saved, words
from tests.web.test_sharing import exported

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: The third turn ends here, and both speakers have spoken.
SECONDS = 36.5


@pytest.fixture
def meeting(shared: Path, tmp_path: Path) -> tuple[Path, str]:
    """The beginning of a meeting of two people, and its reference text."""
    whole = shared / "audio" / "meetings" / "two-minutes"
    cut = tmp_path / "两个人的会.wav"
    command = [ffmpeg_path(), "-v", "error", "-i", str(whole.with_suffix(".flac")), "-t", str(SECONDS), str(cut)]
    subprocess.run(command, check=True)
    rows = [line.split(" ", 5) for line in whole.with_suffix(".stm").read_text(encoding="utf-8").splitlines()]
    return cut, spoken_characters("".join(row[5] for row in rows if float(row[4]) < SECONDS))


@pytest.fixture
def real(models: Path, tmp_path: Path) -> Iterator[Server]:  # noqa: F811
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path, DEMO="false", MODELS_DIR=str(models))
    server.start()
    yield server
    server.close()


@pytest.mark.shared
def test_a_meeting_is_uploaded_watched_corrected_and_exported(
    browser: "Browser", real: Server, meeting: tuple[Path, str]
) -> None:
    cut, reference = meeting
    page = browser.new_page(base_url=str(real.client.base_url), locale="zh-CN", reduced_motion="reduce")
    page.set_default_timeout(120_000)  # real models on a busy machine
    sign_in(page)
    page.get_by_role("button", name="上传录音").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(cut)
    dialog.get_by_role("button", name="更多选项").click()
    dialog.get_by_role("button", name="指定引擎").click()
    choose(page, "识别引擎", "Vosk small Mandarin")
    choose(page, "发言人引擎", "pyannote 3.1")
    dialog.get_by_text("确切人数").click()
    dialog.get_by_label("人数", exact=True).fill("2")
    dialog.get_by_role("button", name="开始上传").click()

    row = page.get_by_role("row").filter(has_text=cut.stem)
    row.get_by_role("progressbar", name="进度").wait_for()
    row.get_by_text(re.compile(r"^00:\d\d / 00:3[67]")).wait_for()
    row.get_by_text("已完成").wait_for()
    row.get_by_role("cell", name="2 人").wait_for()
    row.get_by_role("link").click()
    page.get_by_role("list", name="文稿").wait_for()
    transcribed = words(page)
    assert jiwer.cer(reference, spoken_characters("".join(transcribed))) < 0.1

    [recording] = [one["id"] for one in real.client.get("/api/recordings").json()["items"]]
    boxes = page.get_by_role("list", name="文稿").get_by_role("textbox")
    corrected = transcribed[0].replace(transcribed[0][:2], "假如", 1)
    boxes.nth(0).fill(corrected)
    boxes.nth(0).press("Enter")
    saved(page)
    page.get_by_label("给发言人 1改名").fill("王芳")
    page.get_by_label("给发言人 1改名").press("Enter")
    page.get_by_label("给发言人 2改名").fill("李雷")
    page.get_by_label("给发言人 2改名").press("Enter")
    until(lambda: "李雷" in real.text(recording, "txt"))
    page.get_by_role("button", name="撤销").click()
    until(lambda: "李雷" not in real.text(recording, "txt"))
    saved(page)

    unfinished = transcribed[1] + "还没有写完"
    boxes.nth(1).fill(unfinished)
    page.reload()
    boxes.nth(1).wait_for()
    assert words(page)[:3] == [corrected, unfinished, *transcribed[2:3]]
    until(lambda: document(real, recording)["segments"][1]["text"] == unfinished)
    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == [corrected, *transcribed[1:]])
    saved(page)

    table = list(csv.reader(io.StringIO(exported(page, "CSV").decode("utf-8-sig"))))
    assert [line[3] for line in table[1:]] == words(page)
    assert {line[2] for line in table[1:]} == {"王芳", "发言人 2"}
    page.close()
