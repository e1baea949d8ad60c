"""The recording page as one workspace: names in the text, the picture of a video, the panel, and the keyboard."""

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.ffmpeg import ffmpeg_path
from tests.serving import Server, until
from tests.web.test_editor import rows
from tests.web.test_journeys import AXE, axe, open_editor, saved

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: White from the second second of every four, otherwise black.
_CLAPPER = "color=black:size=64x36:rate=10,drawbox=color=white:t=fill:enable='gte(mod(t,4),2)'"
#: Seconds of the picture and of the sound, and whether the picture is white.
_MEDIA = """() => { const video = document.querySelector('video'), canvas = new OffscreenCanvas(1, 1);
  const player = players.find((one) => one.src.endsWith('/audio'));
  canvas.getContext('2d').drawImage(video, 0, 0, 1, 1);
  return [video.currentTime, player.currentTime, canvas.getContext('2d').getImageData(0, 0, 1, 1).data[0] > 128,
    video.paused || video.seeking || video.readyState < 2]; }"""
#: The page's players, also of clips of voices, have no elements in the document.
_KEEP_PLAYERS = (
    "window.players = []; window.Audio = class extends Audio { constructor() { super(); players.push(this); } }"
)


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a transcribed recording."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    return recording


@pytest.fixture(scope="module")
def film(server: Server, sound: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a transcribed video."""
    path = tmp_path_factory.mktemp("film") / "产品演示 11-28.webm"
    inputs = ["-f", "lavfi", "-i", _CLAPPER, "-i", str(sound), "-t", "12"]
    codecs = ["-c:v", "libvpx", "-deadline", "realtime", "-g", "10", "-c:a", "libopus"]
    subprocess.run([ffmpeg_path(), "-loglevel", "error", *inputs, *codecs, str(path)], check=True)
    recording, job = server.upload(path)
    assert server.ended(job)["status"] == "done"
    return recording


def test_a_speaker_is_renamed_everywhere_from_a_name_in_the_text(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    shown = page.get_by_role("list", name="文稿")
    shown.get_by_role("button", name="更换发言人：发言人 1").first.click()
    page.get_by_role("dialog", name="发言人").get_by_role("textbox").and_(page.locator(":focus")).wait_for()
    page.keyboard.type("王芳")
    page.keyboard.press("Enter")

    until(lambda: shown.get_by_role("button", name="更换发言人：王芳").count() > 2)
    saved(page)
    assert "王芳" in server.text(recording, "txt")


def test_the_menu_of_a_name_reassigns_from_here_on_filters_and_merges(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    names = page.get_by_role("list", name="文稿").get_by_role("button", name=re.compile("^更换发言人"))
    before = [one.removeprefix("更换发言人：") for one in names.evaluate_all("all => all.map(one => one.ariaLabel)")]
    second = before.index("发言人 1", 1)

    def choose(number: int, *items: str) -> None:
        names.nth(number).click()
        menu = page.get_by_role("dialog", name="发言人")
        for item in items:
            menu.get_by_role("menuitem", name=item).click()
            menu = page.locator(".ant-menu-submenu-popup").filter(visible=True)

    def now() -> list[str]:
        return names.all_inner_texts()

    choose(second, "从这里起都是…", "新发言人")
    until(lambda: now() == [*before[:second], *(one.replace("发言人 1", "发言人 4") for one in before[second:])])
    choose(second, "只看这位发言人")
    until(lambda: set(now()) == {"发言人 4"})
    page.get_by_role("button", name="显示所有人").click()
    choose(second, "与另一位合并…", "发言人 1")
    until(lambda: now() == before)


def test_a_video_shows_its_picture_with_subtitles_in_step_with_the_sound(page: "Page", film: str) -> None:
    page.add_init_script(_KEEP_PLAYERS)
    open_editor(page, film)
    page.get_by_role("heading", name="产品演示 11-28", exact=True).wait_for()
    page.get_by_role("figure", name="视频画面").wait_for()
    waveform = page.get_by_role("slider", name="波形")
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    waveform.press("Home")
    waveform.press("Shift+ArrowRight")
    until(lambda: _is_at(page, 1, white=False))
    waveform.press("ArrowRight")
    waveform.press("Shift+ArrowRight")
    until(lambda: _is_at(page, 7, white=True))
    assert page.evaluate("document.querySelector('video').textTracks[0].activeCues.length") > 0

    page.get_by_role("button", name="播放", exact=True).click()
    until(lambda: _is_in_step(page))


def _is_at(page: "Page", seconds: float, white: bool) -> bool:
    picture, sound, is_white, _ = page.evaluate(_MEDIA)
    return abs(picture - seconds) <= 0.06 and abs(sound - seconds) <= 0.06 and is_white is white


def _is_in_step(page: "Page") -> bool:
    picture, sound, _, still = page.evaluate(_MEDIA)
    return not still and abs(picture - sound) <= 0.06


def test_the_width_of_the_panel_is_changed_by_keys_and_survives_a_reload(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    divider = page.get_by_role("separator", name="文稿与侧栏的分界")
    panel = page.get_by_role("complementary", name="侧栏")
    before = panel.bounding_box()
    for _ in range(10):
        divider.press("ArrowLeft")
    wider = panel.bounding_box()
    assert before is not None
    assert wider is not None
    assert before["width"] + 200 < wider["width"]

    page.reload()
    page.get_by_role("list", name="文稿").wait_for()
    assert panel.bounding_box() == wider


def test_tab_stops_once_a_segment_and_f6_moves_between_text_player_and_panel(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    focus = "document.activeElement.closest('[data-segment], #workspace-player, #workspace-panel')"
    rows(page).nth(0).get_by_role("textbox").focus()
    page.keyboard.press("Tab")
    until(lambda: rows(page).nth(1).get_by_role("textbox").evaluate("one => one === document.activeElement"))
    for area in ("workspace-player", "workspace-panel"):
        page.keyboard.press("F6")
        until(lambda area=area: page.evaluate(f"{focus}?.id") == area)
    page.keyboard.press("F6")
    until(lambda: page.evaluate(f"'segment' in ({focus}?.dataset ?? {{}})"))

    page.keyboard.press("Alt+n")
    page.get_by_role("dialog", name="发言人").wait_for()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_in_the_workspace(page: "Page", film: str, theme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    open_editor(page, film)
    page.get_by_role("figure", name="视频画面").wait_for()
    found = axe(page)
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("menuitem", name="录音信息").wait_for()
    found += axe(page)
    page.keyboard.press("Escape")
    rows(page).nth(0).get_by_role("button", name="更换发言人").click()
    page.get_by_role("menuitem", name="只看这位发言人").wait_for()
    found += axe(page)

    assert not found, "\n".join(found)
