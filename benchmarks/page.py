"""The web page with 5,000 segments: first load, first render, a tick of playback, a key press."""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from benchmarks.machine import describe
from tests.serving import PASSWORD, Server
from tests.web.conftest import CHROMIUM, QUIET
from tests.web.sounds import talk

SEGMENTS = 5000
_TEXT = "我们先看一下这个季度的数据，然后再讨论下一步的计划和分工。"

# Times what is done in animation frames, and from a key to the layout after it.
_WATCH = """
window.watched = {frames: [], keys: [], commits: []};
const frame = requestAnimationFrame;
window.requestAnimationFrame = (work) => frame((time) => {
  const begun = performance.now(); work(time); watched.frames.push(performance.now() - begun); });
let pressed = 0;
addEventListener('keydown', () => (pressed = performance.now()), true);
addEventListener('input', () => { document.body.offsetHeight; watched.keys.push(performance.now() - pressed); });
// As slow as it goes: 5,000 segments of one minute then pass at the pace of sixteen minutes.
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { this.playbackRate = 0.0625; return play.call(this); };
new PerformanceObserver((list) => watched.commits.push(...list.getEntries().map((one) => one.duration)))
  .observe({type: 'longtask', buffered: true});
"""


def run() -> int:
    """Print the figures; returns 1 if a limit is exceeded."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        server = Server(Path(folder))
        server.start()
        try:
            recording, job = server.upload(talk(Path(folder) / "long.wav", seconds=60))
            server.ended(job)
            lengthen(server, recording)
            browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN")
            page.set_default_timeout(60_000)
            first = _first_load(page)
            renders, ticks, keys, commits = _use(page, recording)
            browser.close()
        finally:
            server.close()
    limits = (
        ("first load, compressed", first, 500, "kB"),
        ("first render of the editor, median of 3", statistics.median(renders), 1500, "ms"),
        ("tick of playback, median", statistics.median(ticks), 2, "ms"),
        ("key to layout, p95", sorted(keys)[int(len(keys) * 0.95)], 16, "ms"),
    )
    for what, found, limit, unit in limits:
        console.print(f"{what}: {found:.1f} {unit} (limit {limit})", highlight=False)
    console.print(f"longest task while typing and saving: {max(commits, default=0):.0f} ms", highlight=False)
    return 0 if all(found <= limit for _, found, limit, _ in limits) else 1


def lengthen(server: Server, recording: str) -> None:
    """Save a version of `SEGMENTS` segments."""
    address = f"/api/recordings/{recording}/transcript"
    base: dict[str, Any] = server.client.get(address).raise_for_status().json()
    length = base["document"]["duration"] / SEGMENTS
    each = length / len(_TEXT)
    segments = [
        {
            "id": f"L{number}",
            "speaker": f"S{number % 3 + 1}",
            "start": number * length,
            "end": (number + 1) * length,
            "text": _TEXT,
            "words": [
                [character, number * length + place * each, number * length + (place + 1) * each]
                for place, character in enumerate(_TEXT)
                if character not in "，。"
            ],
            "confidence": 0.5 if number % 100 == 0 else 0.9,
        }
        for number in range(SEGMENTS)
    ]
    document = {"speakers": base["document"]["speakers"], "segments": segments}
    server.client.put(address, json={"based_on": base["number"], "document": document}).raise_for_status()


def _first_load(page: Page) -> float:
    """Compressed kilobytes transferred until the library is shown."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("chief")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="录音库").wait_for()
    page.wait_for_load_state("networkidle")
    fetched = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
    return float(page.evaluate(fetched)) / 1000


def _use(page: Page, recording: str) -> tuple[list[float], list[float], list[float], list[float]]:
    page.add_init_script(_WATCH)
    renders = []
    for _ in range(3):
        page.goto("/")
        page.get_by_role("link", name="long.wav").wait_for()
        renders.append(
            page.evaluate(
                """() => new Promise((shown) => { const begun = performance.now();
                const look = () => document.querySelector('.segment')
                  ? setTimeout(() => shown(performance.now() - begun)) : setTimeout(look);
                document.querySelector('.recording-name').click(); look(); })"""
            )
        )
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).click()
    page.evaluate("watched.frames.length = 0")
    page.wait_for_timeout(5000)
    ticks = page.evaluate("watched.frames")
    page.get_by_role("button", name="暂停").click()
    page.locator(".words").nth(2).click()
    page.evaluate("watched.commits.length = 0")
    page.keyboard.type("a word that is typed " * 5)
    page.get_by_role("status").get_by_text("已保存", exact=True).wait_for()
    page.wait_for_timeout(3000)
    return renders, ticks, page.evaluate("watched.keys"), page.evaluate("watched.commits")
