"""What a language model makes of a transcript, beside it: minutes, polish, answers, names; and life without one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.language_server import Asked, LanguageServer, Reply, fault, serve_language
from tests.minutes.models import good, is_whole, lines_of
from tests.serving import Server, until
from tests.web.conftest import clever_house, sign_in
from tests.web.test_journeys import AXE, axe, open_editor, saved, words

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "<img src=x onerror=alert(1)>"


class Model:
    """Does what each prompt asks; `fails`, or `mumbles` when it should sum up, as long as it is told to."""

    fails = False
    mumbles = False

    def __call__(self, asked: Asked) -> Reply:
        if self.fails:
            return fault(401)
        if self.mumbles and is_whole(asked):
            return Reply("嗯")
        lines = lines_of(asked)
        if "校订" in asked.system:
            tidied = [
                {"n": number, "t": text.replace("嗯，", "").replace("十分钟", "九分钟")} for number, _, text in lines
            ]
            return Reply({"lines": tidied})
        if "推断会议发言人" in asked.system:
            named = next((number, voice) for number, voice, text in lines if "王芳" in text)
            return Reply({"speakers": [{"s": f"@{named[1]}", "name": "王芳", "n": [named[0]]}]})
        if "根据会议转写回答" in asked.system:
            found = next(number for number, _, text in lines if "接口" in text)
            return Reply(f"接口上周已经联调完了{HOSTILE}[{found}]。")
        return good(asked)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def language(model: Model) -> Iterator[LanguageServer]:
    with serve_language(model) as server:
        yield server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    with clever_house(tmp_path_factory.mktemp("clever"), language) as server:
        yield server


@pytest.fixture
def recording(house: Server, sound: Path, model: Model) -> str:
    """The id of a recording that has been transcribed; the third speaker says her name."""
    model.fails = model.mumbles = False
    recording, job = house.upload(sound)
    assert house.ended(job)["status"] == "done"
    base = newest(house, recording)
    document = {name: base["document"][name] for name in ("speakers", "segments")}
    document["segments"][2].update(text="我是王芳，语音转写的接口上周已经联调完了。", words=[])
    document["speakers"][0]["name"] = HOSTILE
    body = {"based_on": base["number"], "document": document}
    house.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()
    return recording


def newest(house: Server, recording: str) -> dict[str, Any]:
    answer: dict[str, Any] = house.client.get(f"/api/recordings/{recording}/transcript").raise_for_status().json()
    return answer


def texts(house: Server, recording: str) -> list[str]:
    return [one["text"] for one in newest(house, recording)["document"]["segments"]]


def turn_to(page: "Page", tab: str) -> None:
    page.get_by_role("radiogroup", name="侧栏").get_by_text(tab, exact=True).click()


def lit(page: "Page") -> Any:
    return page.evaluate("document.querySelector('[data-heard]')?.dataset.segment")


def test_minutes_are_written_and_a_click_on_their_evidence_plays_it(
    page: "Page", house: Server, recording: str
) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    turn_to(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_text("还没有纪要").wait_for()
    panel.get_by_role("combobox", name="模板").click()
    page.get_by_title("周会", exact=True).click()
    panel.get_by_role("button", name="写纪要").click()

    decisions = panel.locator("section").filter(has=page.get_by_role("heading", name="决议"))
    decisions.get_by_role("button", name=re.compile("^听 .* 的原话")).first.click()
    first = newest(house, recording)["document"]["segments"][0]["id"]
    until(lambda: lit(page) == first)
    page.get_by_role("button", name="暂停").click()
    made = house.client.get(f"/api/recordings/{recording}/minutes").json()
    assert made["template"]["key"] == "weekly"
    assert made["content"]["decisions"][0]["evidence"][0] == first
    covered = made["content"]["coverage"]
    panel.get_by_text(f"读了 {covered['segments']} 段中的 {covered['covered']} 段。").wait_for()
    panel.get_by_text(HOSTILE).first.wait_for()  # the speaker's name, as it is now
    assert page.locator("img[src=x]").count() == 0
    with page.expect_download() as taken:
        panel.get_by_role("button", name="下载 MD").click()
    assert "## 决议" in Path(taken.value.path()).read_text(encoding="utf-8")


def test_minutes_of_an_older_transcript_say_so_and_are_written_again(
    page: "Page", house: Server, recording: str
) -> None:
    job = house.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert house.ended(job["id"])["status"] == "done"
    open_editor(page, recording)
    turn_to(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("heading", name="周会纪要").wait_for()
    assert not panel.get_by_text("文稿后来改过了").is_visible()
    box = page.get_by_role("list", name="文稿").get_by_role("textbox").nth(1)
    box.fill("后来改的话。")
    box.press("Enter")
    saved(page)

    panel.get_by_text("文稿后来改过了").wait_for()
    panel.get_by_role("button", name="重写纪要").click()

    panel.get_by_title(re.compile("^第 2 份")).wait_for()
    panel.get_by_text("文稿后来改过了").wait_for(state="detached")
    assert [one["number"] for one in house.client.get(f"/api/recordings/{recording}/minutes/versions").json()] == [2, 1]


def test_a_model_that_fails_leaves_a_warning_and_a_way_to_try_again(page: "Page", recording: str, model: Model) -> None:
    open_editor(page, recording)
    model.fails = True
    turn_to(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("button", name="写纪要").click()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails = False
    panel.get_by_role("button", name="再试一次").click()

    panel.get_by_role("heading", name="周会纪要").wait_for()


def test_a_polish_that_fails_leaves_a_warning_and_a_way_to_try_again(
    page: "Page", house: Server, recording: str, model: Model
) -> None:
    before = texts(house, recording)
    open_editor(page, recording)
    model.fails = True
    turn_to(page, "润色")
    panel = page.get_by_role("region", name="润色", exact=True)
    panel.get_by_role("button", name="润色文稿").click()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for()
    assert texts(house, recording) == before
    model.fails = False
    panel.get_by_role("button", name="再试一次").click()

    panel.get_by_text("改了 1 段，采用 1 段").wait_for()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for(state="detached")


def test_minutes_with_a_gap_are_shown_with_a_warning_and_a_way_to_try_again(
    page: "Page", house: Server, recording: str, model: Model
) -> None:
    model.mumbles = True
    job = house.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert house.ended(job["id"])["status"] == "done"
    open_editor(page, recording)
    turn_to(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_text("语言模型的回答看不懂").wait_for()
    panel.get_by_role("heading", name="决议").wait_for()  # what there is, is shown
    model.mumbles = False
    panel.get_by_role("button", name="再试一次").click()

    panel.get_by_role("heading", name="周会纪要").wait_for()
    panel.get_by_text("语言模型的回答看不懂").wait_for(state="detached")


def test_an_answer_that_fails_says_why_and_the_question_can_be_asked_again(
    page: "Page", recording: str, model: Model
) -> None:
    open_editor(page, recording)
    turn_to(page, "提问")
    panel = page.get_by_role("region", name="向会议提问")
    model.fails = True
    panel.get_by_label("问题").fill("接口联调完了吗？")
    panel.get_by_role("button", name="提问", exact=True).click()
    page.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails = False
    panel.get_by_role("button", name="提问", exact=True).click()  # it is still in its field

    panel.get_by_text("接口上周已经联调完了").wait_for()


def test_names_that_could_not_be_suggested_are_suggested_the_next_time(
    page: "Page", recording: str, model: Model
) -> None:
    open_editor(page, recording)
    model.fails = True
    page.get_by_role("button", name="建议发言人名字").click()
    page.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails = False
    page.get_by_role("button", name="建议发言人名字").click()

    page.get_by_role("list", name="建议发言人名字").get_by_text("我是王芳").wait_for()


def test_a_polish_is_reviewed_segment_by_segment(page: "Page", house: Server, recording: str) -> None:
    open_editor(page, recording)
    raw = words(page)
    changed = next(number for number, text in enumerate(raw) if text.startswith("嗯，"))
    turn_to(page, "润色")
    panel = page.get_by_role("region", name="润色", exact=True)
    panel.get_by_role("button", name="润色文稿").click()
    panel.get_by_text("改了 1 段，采用 1 段").wait_for()
    until(lambda: words(page)[changed] == raw[changed].removeprefix("嗯，"))
    assert panel.locator("del").first.text_content() == "删去：嗯，"
    panel.get_by_text("1 处改动被拒绝").click()
    panel.get_by_text("改了数字").wait_for()

    panel.get_by_role("button", name="原文", exact=True).click()
    panel.get_by_text("改了 1 段，采用 0 段").wait_for()
    until(lambda: words(page) == raw)
    assert texts(house, recording) == raw
    panel.get_by_role("button", name="全部采用").click()
    panel.get_by_text("改了 1 段，采用 1 段").wait_for()
    until(lambda: words(page)[changed] == raw[changed].removeprefix("嗯，"))

    # It is the page's own version now: editing and undo go on.
    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == raw)
    saved(page)
    until(lambda: texts(house, recording) == raw)


def test_the_meeting_answers_with_where_it_was_said(page: "Page", house: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    turn_to(page, "提问")
    panel = page.get_by_role("region", name="向会议提问")
    panel.get_by_label("问题").fill("xyzzy plugh")
    panel.get_by_label("问题").press("Enter")
    panel.get_by_text("文稿里没有找到与这个问题有关的内容。").wait_for()
    panel.get_by_label("问题").fill("接口联调完了吗？")
    panel.get_by_role("button", name="提问", exact=True).click()
    cite = panel.get_by_role("button", name=re.compile("^听 .* 的原话"))
    cite.click()
    segment = newest(house, recording)["document"]["segments"][2]["id"]
    until(lambda: lit(page) == segment)
    page.get_by_role("button", name="暂停").click()
    panel.get_by_text("接口上周已经联调完了").wait_for()
    assert page.locator("img[src=x]").count() == 0

    panel.get_by_role("button", name="清除提问记录").click()
    page.get_by_role("tooltip").get_by_role("button", name="清除提问记录").click()
    panel.get_by_text("问这次会议里说过的事").wait_for()
    assert house.client.get(f"/api/recordings/{recording}/questions").json() == []


def test_a_suggested_name_shows_its_words_and_is_taken_over(page: "Page", house: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="建议发言人名字").click()
    suggested = page.get_by_role("list", name="建议发言人名字")
    suggested.get_by_text("我是王芳").wait_for()
    assert newest(house, recording)["document"]["speakers"][2]["name"] is None
    suggested.get_by_role("button", name="采用“王芳”").click()

    page.get_by_role("list", name="文稿").get_by_role("button", name="更换发言人：王芳").first.wait_for()
    until(lambda: newest(house, recording)["document"]["speakers"][2]["name"] == "王芳")


def test_on_a_phone_a_citation_leads_back_to_the_text(page: "Page", house: Server, recording: str) -> None:
    job = house.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert house.ended(job["id"])["status"] == "done"
    page.set_viewport_size({"width": 390, "height": 780})
    open_editor(page, recording)
    turn_to(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("heading", name="决议").wait_for()
    shown = page.get_by_role("list", name="文稿")
    assert not shown.is_visible()
    panel.get_by_role("button", name=re.compile("^听 .* 的原话")).first.click()

    shown.wait_for()
    panel.wait_for(state="hidden")


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_in_any_panel(
    page: "Page", house: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    path = f"/api/recordings/{recording}"
    for kind in ("polish", "minutes"):
        job = house.client.post(f"{path}/{kind}", json={}).raise_for_status().json()
        assert house.ended(job["id"])["status"] == "done"
    house.client.post(f"{path}/questions", json={"question": "接口联调完了吗？"}).raise_for_status()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    open_editor(page, recording)
    found = []
    for tab, there in (("纪要", "重写纪要"), ("润色", "再润色一遍"), ("提问", "清除提问记录")):
        turn_to(page, tab)
        page.get_by_role("button", name=there).wait_for()
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{tab} scrolls sideways"

    assert not found, "\n".join(found)


def test_without_a_language_model_that_is_said_and_what_to_do(
    page: "Page", tmp_path_factory: pytest.TempPathFactory, sound: Path
) -> None:
    plain = Server(tmp_path_factory.mktemp("plain"))
    plain.start()
    try:
        recording, job = plain.upload(sound)
        plain.ended(job)
        context = page.context.browser.new_context(base_url=str(plain.client.base_url), locale="zh-CN")  # type: ignore[union-attr]
        window = context.new_page()
        sign_in(window)
        window.goto(f"/recordings/{recording}")
        for tab in ("纪要", "润色", "修复", "提问"):
            turn_to(window, tab)
            window.get_by_text("没有设置语言模型").wait_for()
            window.get_by_text("OPENAI_BASE_URL").wait_for()
        turn_to(window, "发言人")
        window.get_by_label("给发言人 1改名").wait_for()
        assert window.get_by_role("button", name="建议发言人名字").count() == 0
        context.close()
    finally:
        plain.close()
