"""Torn segments beside the transcript: proposed, heard, accepted or rejected one by one, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.language_server import Asked, LanguageServer, Reply, fault, serve_language
from tests.minutes.models import lines_of
from tests.serving import Server, until
from tests.web.conftest import clever_house, sign_in
from tests.web.sounds import talk
from tests.web.test_journeys import AXE, axe, open_editor, saved, words
from tests.web.test_summary import HOSTILE, lit, newest, texts, turn_to

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: What stands where, as it was cut, and how it is whole.
TORN = (("我们下周把预算", "定下来。好的，我同意。"), (f"那供应商{HOSTILE}", "这边还没有定吧。"))
WHOLE = (("我们下周把预算定下来。", "好的，我同意。"), (f"那供应商{HOSTILE}这边还没有定吧。",))


class Model:
    """Finds the two torn sentences where they are; `fails` or finds nothing as long as it is told to."""

    fails = blind = False

    def __call__(self, asked: Asked) -> Reply:
        assert "被切错的段落" in asked.system
        if self.fails:
            return fault(401)
        found: list[dict[str, Any]] = []
        for number, voice, text in [] if self.blind else lines_of(asked):
            if text == TORN[0][0]:
                found.append({"do": "move", "n": number, "t": "定下来。"})
            if text == TORN[1][0]:
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
def house(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    with clever_house(tmp_path_factory.mktemp("mender"), language) as server:
        yield server


@pytest.fixture
def recording(house: Server, sound: Path, model: Model) -> str:
    """The id of a transcribed recording in which two sentences are torn, each between two people."""
    model.fails = model.blind = False
    recording, job = house.upload(sound)
    assert house.ended(job)["status"] == "done"
    tear(house, recording)
    return recording


def tear(house: Server, recording: str) -> None:
    document = newest(house, recording)["document"]
    segments, speakers = document["segments"], document["speakers"]
    speakers[0]["name"], speakers[1]["name"] = "张敏", HOSTILE
    for place, sentence in zip((0, 3), TORN, strict=True):
        for offset, text in enumerate(sentence):
            segments[place + offset].update(text=text, words=[], speaker=speakers[offset]["id"])
    keep(house, recording, segments, speakers)


def keep(house: Server, recording: str, segments: list[dict[str, Any]], speakers: list[dict[str, Any]]) -> None:
    body = {"based_on": newest(house, recording)["number"], "document": {"speakers": speakers, "segments": segments}}
    house.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()


def propose(house: Server, recording: str) -> None:
    job = house.client.post(f"/api/recordings/{recording}/repair").raise_for_status().json()["id"]
    assert house.ended(job)["status"] == "done"


def versions(house: Server, recording: str) -> list[dict[str, Any]]:
    found = house.client.get(f"/api/recordings/{recording}/transcript/versions").raise_for_status()
    return list(found.json())


def repairs(page: "Page") -> "Locator":
    """The panel, when it is there."""
    turn_to(page, "修复")
    panel = page.get_by_role("region", name="修复断开的段落")
    panel.get_by_role("button", name=re.compile("检查")).wait_for()
    return panel


def items(panel: "Locator") -> "Locator":
    return panel.locator("li[data-item]")


def test_repairs_are_proposed_heard_and_accepted_one_by_one(page: "Page", house: Server, recording: str) -> None:
    raw = texts(house, recording)
    before = len(versions(house, recording))
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    panel = repairs(page)
    panel.get_by_role("button", name="检查断开的段落").click()
    panel.get_by_text("找到 2 处，2 处待处理").wait_for()
    first, second = items(panel).nth(0), items(panel).nth(1)
    assert first.locator("mark").all_text_contents() == ["移动的文字：定下来。"] * 2
    assert "一句话被切成了两段" in second.inner_text()
    assert texts(house, recording) == raw

    first.get_by_role("button", name=re.compile("^听 .* 的原话")).nth(1).click()
    heard = newest(house, recording)["document"]["segments"][1]["id"]
    until(lambda: lit(page) == heard)
    page.get_by_role("button", name="暂停").click()
    first.get_by_role("button", name=re.compile("^采用")).click()

    panel.get_by_text("找到 2 处，1 处待处理").wait_for()
    page.get_by_text(re.compile(r"^采用了 1 处，存为版本 \d+，可以撤销。$")).wait_for()
    until(lambda: words(page)[:2] == list(WHOLE[0]))
    assert texts(house, recording) == [*WHOLE[0], *raw[2:]]
    assert versions(house, recording)[0]["origin"] == "repair"
    assert len(versions(house, recording)) == before + 1
    # Whoever decides with the keys is at the next one already.
    until(lambda: second.locator("[data-accept]").evaluate("one => one === document.activeElement"))
    page.keyboard.press("Enter")
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    until(lambda: words(page)[3] == WHOLE[1][0])
    assert page.locator("img[src=x]").count() == 0


def test_what_was_rejected_or_taken_back_may_still_be_accepted(page: "Page", house: Server, recording: str) -> None:
    propose(house, recording)
    raw = texts(house, recording)
    open_editor(page, recording)
    panel = repairs(page)
    first = items(panel).nth(0)
    first.get_by_role("button", name=re.compile("^不采用")).click()
    first.get_by_text("未采用").wait_for()
    assert texts(house, recording) == raw

    first.get_by_role("button", name=re.compile("^还是采用")).click()
    first.get_by_text("已采用").wait_for()
    until(lambda: texts(house, recording)[:2] == list(WHOLE[0]))

    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == raw)
    saved(page)
    first.get_by_role("button", name=re.compile("^采用")).click()
    first.get_by_text("已采用").wait_for()
    until(lambda: words(page)[:2] == list(WHOLE[0]))


def test_all_that_are_open_are_accepted_as_one_version_and_compared(
    page: "Page", house: Server, recording: str
) -> None:
    propose(house, recording)
    before = len(versions(house, recording))
    open_editor(page, recording)
    panel = repairs(page)
    panel.get_by_role("button", name="全部采用（2）").click()
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    until(lambda: words(page)[:2] == list(WHOLE[0]))

    assert len(versions(house, recording)) == before + 1
    page.get_by_role("button", name="版本", exact=True).click()
    page.get_by_role("dialog").get_by_text("修复断开的段落").wait_for()


def test_all_are_rejected_and_one_kind_is_looked_at(page: "Page", house: Server, recording: str) -> None:
    propose(house, recording)
    raw = newest(house, recording)
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()
    panel.get_by_text("找到 2 处，1 处待处理").wait_for()
    panel.get_by_role("button", name="全部不采用").click()
    page.get_by_role("tooltip").get_by_role("button", name="全部不采用").click()
    panel.get_by_text("找到 2 处，都处理过了").wait_for()
    assert newest(house, recording)["number"] == raw["number"] + 1

    panel.get_by_role("group", name="只看一种").get_by_role("button", name="未采用 1").click()
    until(lambda: items(panel).count() == 1)
    assert "合并" in items(panel).nth(0).inner_text()


def test_segments_that_were_changed_since_are_said_and_left_alone(page: "Page", house: Server, recording: str) -> None:
    propose(house, recording)
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
    assert texts(house, recording)[1] == "后来改的话。"
    assert WHOLE[1][0] in texts(house, recording)


def test_a_transcript_that_was_changed_elsewhere_is_loaded_before_anything_is_accepted(
    page: "Page", house: Server, recording: str
) -> None:
    propose(house, recording)
    open_editor(page, recording)
    panel = repairs(page)
    items(panel).nth(1).wait_for()
    document = newest(house, recording)["document"]
    document["segments"][-1].update(text="别处改的话。", words=[])
    keep(house, recording, document["segments"], document["speakers"])
    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()

    page.get_by_text("文稿在别处被修改过，请重新载入。").wait_for()
    panel.get_by_text("文稿在别处改过，这里还是旧的").wait_for()
    assert texts(house, recording)[:2] == list(TORN[0])
    panel.get_by_role("button", name="载入新版本").click()
    until(lambda: words(page)[-1] == "别处改的话。")
    panel.get_by_text("文稿在别处改过，这里还是旧的").wait_for(state="detached")
    items(panel).nth(0).get_by_role("button", name=re.compile("^采用")).click()
    items(panel).nth(0).get_by_text("已采用").wait_for()
    assert texts(house, recording)[:2] == list(WHOLE[0])
    assert texts(house, recording)[-1] == "别处改的话。"


def test_a_model_that_fails_is_tried_again_and_may_find_nothing(page: "Page", recording: str, model: Model) -> None:
    model.fails = True
    open_editor(page, recording)
    panel = repairs(page)
    panel.get_by_role("button", name="检查断开的段落").click()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails, model.blind = False, True
    panel.get_by_role("button", name="再试一次").click()

    panel.get_by_text("没有发现被切断的话。").wait_for()
    model.blind = False
    panel.get_by_role("button", name="重新检查").click()
    panel.get_by_text("找到 2 处，2 处待处理").wait_for()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_and_a_phone_has_room_for_it(
    page: "Page", house: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    propose(house, recording)
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


def test_who_may_bring_a_model_is_shown_the_way(page: "Page", tmp_path_factory: pytest.TempPathFactory) -> None:
    plain = Server(tmp_path_factory.mktemp("unmended"))
    plain.start()
    try:
        recording, job = plain.upload(talk(plain.folder / "例会.wav", seconds=20))
        plain.ended(job)
        context = page.context.browser.new_context(base_url=str(plain.client.base_url), locale="zh-CN")  # type: ignore[union-attr]
        window = context.new_page()
        sign_in(window)
        window.goto(f"/recordings/{recording}")
        turn_to(window, "修复")
        window.get_by_text("没有设置语言模型").wait_for()
        window.get_by_role("link", name="去设置").click()

        window.get_by_role("button", name="添加语言模型").wait_for()
        context.close()
    finally:
        plain.close()
