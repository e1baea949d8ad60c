"""A recording with tracks in several languages says which one was heard, where another one can be chosen."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from backend.ffmpeg import ffmpeg_path
from tests.serving import Server
from tests.web.conftest import sign_in
from tests.web.sounds import talk

if TYPE_CHECKING:
    from playwright.sync_api import Page

SENTENCE = "文件中有多种语言的音轨。已转写：中文；未转写：英语。"


def test_the_languages_of_a_file_are_named_where_it_is_transcribed_again(
    page: "Page", server: Server, tmp_path: Path
) -> None:
    film = tmp_path / "双语.mka"
    sound = str(talk(tmp_path / "sound.wav", seconds=3))
    marks = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=chi", "-disposition:a:0", "default")
    command = [
        ffmpeg_path(),
        "-i",
        sound,
        "-i",
        sound,
        "-map",
        "0",
        "-map",
        "1",
        *marks,
        "-c:a",
        "pcm_s16le",
        str(film),
    ]
    subprocess.run(command, check=True, capture_output=True)
    recording, job = server.upload(film)
    assert server.ended(job)["status"] == "done"
    sign_in(page)
    page.goto(f"/recordings/{recording}")

    for item in ("录音信息", "换选项重新转写…"):
        page.get_by_role("button", name="更多操作").click()
        page.get_by_role("menuitem", name=item).click()
        page.get_by_role("dialog").get_by_role("alert").get_by_text(SENTENCE).wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
