"""The repair panel in a real browser: suggested repairs are played, accepted or rejected."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.language_server import LanguageServer, ModelRequest, Reply, fault, serve_language
from tests.minutes.models import lines_of
from tests.serving import Server, until
from tests.web.conftest import server_with_language_model, sign_in
from tests.web.panels import HOSTILE, failing_once, newest, open_tab, playing_segment, texts
from tests.web.sounds import talk
from tests.web.test_journeys import AXE, axe, open_editor, saved, words

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: The broken segments, and the same text repaired.
BROKEN = (("我们下周把预算", "定下来。好的，我同意。"), (f"那供应商{HOSTILE}", "这边还没有定吧。"))
REPAIRED = (("我们下周把预算定下来。", "好的，我同意。"), (f"那供应商{HOSTILE}这边还没有定吧。",))


class Model:
    """Finds the two broken sentences; fails if `fails` is set, finds nothing if `blind` is set."""

    fails = blind = False

    def __call__(self, request: ModelRequest) -> Reply:
        assert "被切错的段落" in request.system
        if self.fails:
            return fault(401)
        found: list[dict[str, Any]] = []
        for number, voice, text in [] if self.blind else lines_of(request):
            if text == BROKEN[0][0]:
                found.append({"do": "move", "n": number, "t": "定下来。"})
            if text == BROKEN[1][0]:
                found.append({"do": "merge", "n": number, "s": f"@{voice}"})
        return Reply({"repairs": found})


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def language(model: Model) -> Iterator[LanguageServer]:
    with serve_language(model) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    with server_with_language_model(tmp_path_factory.mktemp("language_model"), language) as server:
        yield server


@pytest.fixture
def recording(server: Server, sound: Path, model: Model) -> str:
    """The id of a transcribed recording in which two sentences are split between speakers."""
    model.fails = model.blind = False
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    break_segments(server, recording)
    return recording


def break_segments(server: Server, recording: str) -> None:
    document = newest(server, recording)["document"]
    segments, speakers = document["segments"], document["speakers"]
    speakers[0]["name"], speakers[1]["name"] = "张敏", HOSTILE
    for place, sentence in zip((0, 3), BROKEN, strict=True):
        for offset, text in enumerate(sentence):
            segments[place + offset].update(text=text, words=[], speaker=speakers[offset]["id"])
    save(server, recording, segments, speakers)


def save(server: Server, recording: str, segments: list[dict[str, Any]], speakers: list[dict[str, Any]]) -> None:
    body = {"based_on": newest(server, recording)["number"], "document": {"speakers": speakers, "segments": segments}}
    server.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()


def propose(server: Server, recording: str) -> None:
    job = server.client.post(f"/api/recordings/{recording}/repair").raise_for_status().json()["id"]
    assert server.ended(job)["status"] == "done"


def versions(server: Server, recording: str) -> list[dict[str, Any]]:
    found = server.client.get(f"/api/recordings/{recording}/transcript/versions").raise_for_status()
    return list(found.json())


def repairs(page: "Page") -> "Locator":
    """Open the repair panel."""
    open_tab(page, "修复")
    panel = page.get_by_role("region", name="修复被切断的段落")
    panel.get_by_role("button", name=re.compile("检查")).wait_for()
    return panel


def items(panel: "Locator") -> "Locator":
    return panel.locator("li[data-item]")


def test_repairs_are_suggested_played_and_accepted_one_by_one(page: "Page", server: Server, recording: str) -> None:
    raw = texts(server, recording)
    before = len(versions(server, recording))
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    panel = repairs(page)
    panel.get_by_role("button", name="检查被切断的段落").click()
    panel.get_by_text("找到 2 处，2 处待处理").wait_for()
    first, second = items(panel).nth(0), items(panel).nth(1)
    assert first.locator("mark").all_text_contents() == ["移动的文字：定下来。"] * 2
    assert "一句话被切成了两段" in second.inner_text()
    assert texts(server, recording) == raw

    first.get_by_role("button", name=re.compile("^听 .* 的原话")).nth(1).click()
    segment = newest(server, recording)["document"]["segments"][1]["id"]
    until(lambda: playing_segment(page) == segment)
    page.get_by_role("button", name="暂停").click()
    first.get_by_role("button", name=re.compile("^采用")).click()

    panel.get_by_text("找到 2 处，1 处待处理").wait_for()
    page.get_by_text(re.compile(r"^采用了 1 处，存为版本 \d+，可以撤销。$")).wait_for()
    until(lambda: words(page)[:2] == list(REPAIRED[0]))
    assert texts(server, recording) == [*REPAIRED[0], *raw[2:]]
    assert versions(server, recording)[0]["origin"] == "repair"
    assert len(versions(server, recording)) == before + 1
    # The focus has moved to the next open repair.
    until(lambda: second.locator("[data-accept]").evaluate("one => one === document.activeElement"))
    page.keyboard.press("Enter")
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    until(lambda: words(page)[3] == REPAIRED[1][0])
    assert page.locator("img[src=x]").count() == 0


def test_a_rejected_or_undone_repair_can_still_be_accepted(page: "Page", server: Server, recording: str) -> None:
    propose(server, recording)
    raw = texts(server, recording)
    open_editor(page, recording)
    panel = repairs(page)
    first = items(panel).nth(0)
    first.get_by_role("button", name=re.compile("^不采用")).click()
    first.get_by_text("未采用").wait_for()
    assert texts(server, recording) == raw

    first.get_by_role("button", name=re.compile("^仍然采用")).click()
    first.get_by_text("已采用").wait_for()
    until(lambda: texts(server, recording)[:2] == list(REPAIRED[0]))

    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == raw)
    saved(page)
    first.get_by_role("button", name=re.compile("^采用")).click()
    first.get_by_text("已采用").wait_for()
    until(lambda: words(page)[:2] == list(REPAIRED[0]))


def test_all_open_repairs_are_accepted_as_one_version(page: "Page", server: Server, recording: str) -> None:
    propose(server, recording)
    before = len(versions(server, recording))
    open_editor(page, recording)
    panel = repairs(page)
    panel.get_by_role("button", name="全部采用（2）").click()
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    until(lambda: words(page)[:2] == list(REPAIRED[0]))

    assert len(versions(server, recording)) == before + 1
    page.get_by_role("button", name="版本", exact=True).click()
    page.get_by_role("dialog").get_by_text("修复被切断的段落").wait_for()


def test_all_open_repairs_are_rejected_and_filtered_by_state(page: "Page", server: Server, recording: str) -> None:
    propose(server, recording)
    raw = newest(server, recording)
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()
    panel.get_by_text("找到 2 处，1 处待处理").wait_for()
    panel.get_by_role("button", name="全部不采用").click()
    page.get_by_role("tooltip").get_by_role("button", name="全部不采用").click()
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    assert newest(server, recording)["number"] == raw["number"] + 1

    panel.get_by_role("group", name="只看一种").get_by_role("button", name="未采用 1").click()
    until(lambda: items(panel).count() == 1)
    assert "合并" in items(panel).nth(0).inner_text()


def test_repairs_of_segments_edited_since_are_shown_as_outdated(page: "Page", server: Server, recording: str) -> None:
    propose(server, recording)
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(1).wait_for()
    box = page.get_by_role("list", name="文稿").get_by_role("textbox").nth(1)
    box.fill("后来改的话。")
    box.press("Enter")
    saved(page)

    first = items(panel).nth(0)
    first.get_by_text("段落后来改过").wait_for()
    assert first.get_by_role("button", name=re.compile("采用")).count() == 0
    items(panel).nth(1).get_by_role("button", name=re.compile("^采用")).click()
    panel.get_by_text("有些建议的段落后来改过，不再适用。").wait_for()
    assert texts(server, recording)[1] == "后来改的话。"
    assert REPAIRED[1][0] in texts(server, recording)


def test_a_repair_is_accepted_in_the_version_that_another_window_has_saved(
    page: "Page", server: Server, recording: str
) -> None:
    propose(server, recording)
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(1).wait_for()
    document = newest(server, recording)["document"]
    document["segments"][-1].update(text="别处改的话。", words=[])
    save(server, recording, document["segments"], document["speakers"])
    until(lambda: words(page)[-1] == "别处改的话。")

    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()

    items(panel).nth(0).get_by_text("已采用").wait_for()
    assert texts(server, recording)[:2] == list(REPAIRED[0])
    assert texts(server, recording)[-1] == "别处改的话。"


def test_a_failed_repair_can_be_retried_and_may_find_nothing(page: "Page", recording: str, model: Model) -> None:
    open_editor(page, recording)
    panel = repairs(page)
    with failing_once(model, panel, "检查被切断的段落"):
        model.blind = True

    panel.get_by_text("没有发现被切断的话。").wait_for()
    model.blind = False
    panel.get_by_role("button", name="重新检查").click()
    panel.get_by_text("找到 2 处，2 处待处理").wait_for()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_and_the_panel_fits_a_phone(
    page: "Page", server: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    propose(server, recording)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(1).wait_for()
    found = axe(page)
    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()
    items(panel).nth(1).get_by_role("button", name=re.compile("^不采用")).click()
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    panel.locator("ol[aria-busy=false]").wait_for()
    found += axe(page)

    assert not found, "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width < 900:
        items(panel).nth(0).get_by_role("button", name=re.compile("^听 .* 的原话")).first.click()
        page.get_by_role("list", name="文稿").wait_for()


def test_an_admin_without_a_language_model_is_sent_to_its_settings(
    page: "Page", tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = Server(tmp_path_factory.mktemp("no_language_model"))
    plain.start()
    try:
        recording, job = plain.upload(talk(plain.folder / "例会.wav", seconds=20))
        plain.ended(job)
        context = page.context.browser.new_context(base_url=str(plain.client.base_url), locale="zh-CN")  # type: ignore[union-attr]
        window = context.new_page()
        sign_in(window)
        window.goto(f"/recordings/{recording}")
        open_tab(window, "修复")
        window.get_by_text("没有设置语言模型").wait_for()
        window.get_by_role("link", name="去设置").click()

        window.get_by_role("button", name="添加语言模型").wait_for()
        context.close()
    finally:
        plain.close()
