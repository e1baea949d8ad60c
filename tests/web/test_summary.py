"""The language model panels in a real browser: minutes, polish, questions, name suggestions, and no model at all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.language_server import LanguageServer, ModelRequest, Reply, fault, serve_language
from tests.minutes.models import good, is_whole, lines_of
from tests.serving import Server, until
from tests.web.conftest import server_with_language_model, sign_in
from tests.web.panels import HOSTILE, failing_once, newest, open_tab, playing_segment, texts
from tests.web.test_journeys import AXE, axe, open_editor, saved, words

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Model:
    """Answers each prompt; fails if `fails` is set, answers the summary with nonsense if `mumbles` is set."""

    fails = False
    mumbles = False

    def __call__(self, request: ModelRequest) -> Reply:
        if self.fails:
            return fault(401)
        if self.mumbles and is_whole(request):
            return Reply("嗯")
        if request.prompt.rstrip().endswith("xyzzy plugh"):
            return Reply("没有提到。")
        lines = lines_of(request)
        if "校订" in request.system:
            tidied = [
                {"n": number, "t": text.replace("嗯，", "").replace("十分钟", "九分钟")} for number, _, text in lines
            ]
            return Reply({"lines": tidied})
        if "推断会议发言人" in request.system:
            named = next((number, voice) for number, voice, text in lines if "王芳" in text)
            return Reply({"speakers": [{"s": f"@{named[1]}", "name": "王芳", "n": [named[0]]}]})
        if "根据会议转写回答" in request.system:
            found = next(number for number, _, text in lines if "接口" in text)
            return Reply(f"接口上周已经联调完了{HOSTILE}[{found}]。")
        return good(request)


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
    """The id of a transcribed recording in which the third speaker says her name."""
    model.fails = model.mumbles = False
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    base = newest(server, recording)
    document = {name: base["document"][name] for name in ("speakers", "segments")}
    document["segments"][2].update(text="我是王芳，语音转写的接口上周已经联调完了。", words=[])
    document["speakers"][0]["name"] = HOSTILE
    body = {"based_on": base["number"], "document": document}
    server.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()
    return recording


def test_minutes_are_written_and_clicking_a_citation_plays_it(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_text("还没有纪要").wait_for()
    panel.get_by_role("combobox", name="模板").click()
    page.get_by_title("周会", exact=True).click()
    panel.get_by_role("button", name="写纪要").click()

    decisions = panel.locator("section").filter(has=page.get_by_role("heading", name="决议"))
    decisions.get_by_role("button", name=re.compile("^听 .* 的原话")).first.click()
    first = newest(server, recording)["document"]["segments"][0]["id"]
    until(lambda: playing_segment(page) == first)
    page.get_by_role("button", name="暂停").click()
    made = server.client.get(f"/api/recordings/{recording}/minutes").json()
    assert made["template"]["key"] == "weekly"
    assert made["content"]["decisions"][0]["evidence"][0] == first
    covered = made["content"]["coverage"]
    panel.get_by_text(f"读了 {covered['segments']} 段中的 {covered['covered']} 段。").wait_for()
    panel.get_by_text(HOSTILE).first.wait_for()  # the speaker's name, as it is now
    assert page.locator("img[src=x]").count() == 0
    with page.expect_download() as downloaded:
        panel.get_by_role("button", name="下载 MD").click()
    assert "## 决议" in Path(downloaded.value.path()).read_text(encoding="utf-8")


def test_outdated_minutes_are_marked_and_rewritten(page: "Page", server: Server, recording: str) -> None:
    job = server.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert server.ended(job["id"])["status"] == "done"
    open_editor(page, recording)
    open_tab(page, "纪要")
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
    assert [one["number"] for one in server.client.get(f"/api/recordings/{recording}/minutes/versions").json()] == [
        2,
        1,
    ]


def test_failed_minutes_show_a_warning_and_can_be_retried(page: "Page", recording: str, model: Model) -> None:
    open_editor(page, recording)
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    with failing_once(model, panel, "写纪要"):
        pass

    panel.get_by_role("heading", name="周会纪要").wait_for()


def test_a_failed_polish_shows_a_warning_and_can_be_retried(
    page: "Page", server: Server, recording: str, model: Model
) -> None:
    before = texts(server, recording)
    open_editor(page, recording)
    open_tab(page, "润色")
    panel = page.get_by_role("region", name="润色", exact=True)
    with failing_once(model, panel, "润色文稿"):
        assert texts(server, recording) == before

    panel.get_by_text("改了 1 段，采用 1 段").wait_for()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for(state="detached")


def test_incomplete_minutes_show_a_warning_and_can_be_retried(
    page: "Page", server: Server, recording: str, model: Model
) -> None:
    model.mumbles = True
    job = server.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert server.ended(job["id"])["status"] == "done"
    open_editor(page, recording)
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_text("语言模型的回答无法解析").wait_for()
    panel.get_by_role("heading", name="决议").wait_for()  # the available part is shown
    model.mumbles = False
    panel.get_by_role("button", name="再试一次").click()

    panel.get_by_role("heading", name="周会纪要").wait_for()
    panel.get_by_text("语言模型的回答无法解析").wait_for(state="detached")


def test_a_failed_answer_shows_the_reason_and_the_question_can_be_sent_again(
    page: "Page", recording: str, model: Model
) -> None:
    open_editor(page, recording)
    open_tab(page, "提问")
    panel = page.get_by_role("region", name="向会议提问")
    model.fails = True
    panel.get_by_label("问题").fill("接口联调完了吗？")
    panel.get_by_role("button", name="提问", exact=True).click()
    page.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails = False
    panel.get_by_role("button", name="提问", exact=True).click()  # the question is still in the field

    panel.get_by_text("接口上周已经联调完了").wait_for()


def test_name_suggestions_can_be_retried_after_a_failure(page: "Page", recording: str, model: Model) -> None:
    open_editor(page, recording)
    model.fails = True
    page.get_by_role("button", name="建议发言人名字").click()
    page.get_by_text("语言模型不接受服务器的密钥").wait_for()
    model.fails = False
    page.get_by_role("button", name="建议发言人名字").click()

    page.get_by_role("list", name="建议发言人名字").get_by_text("我是王芳").wait_for()


def test_a_polish_is_reviewed_segment_by_segment(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    raw = words(page)
    changed = next(number for number, text in enumerate(raw) if text.startswith("嗯，"))
    open_tab(page, "润色")
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
    assert texts(server, recording) == raw
    panel.get_by_role("button", name="全部采用").click()
    panel.get_by_text("改了 1 段，采用 1 段").wait_for()
    until(lambda: words(page)[changed] == raw[changed].removeprefix("嗯，"))

    # The page continues with the new version, and undo still works.
    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == raw)
    saved(page)
    until(lambda: texts(server, recording) == raw)


def test_answers_cite_the_segments_they_are_based_on(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    open_tab(page, "提问")
    panel = page.get_by_role("region", name="向会议提问")
    panel.get_by_label("问题").fill("xyzzy plugh")
    panel.get_by_label("问题").press("Enter")
    panel.get_by_text("文稿里没有找到与这个问题有关的内容。").wait_for()
    panel.get_by_label("问题").fill("接口联调完了吗？")
    panel.get_by_role("button", name="提问", exact=True).click()
    cite = panel.get_by_role("button", name=re.compile("^听 .* 的原话"))
    cite.click()
    segment = newest(server, recording)["document"]["segments"][2]["id"]
    until(lambda: playing_segment(page) == segment)
    page.get_by_role("button", name="暂停").click()
    panel.get_by_text("接口上周已经联调完了").wait_for()
    assert page.locator("img[src=x]").count() == 0

    panel.get_by_role("button", name="清除提问记录").click()
    page.get_by_role("tooltip").get_by_role("button", name="清除提问记录").click()
    panel.get_by_text("问这次会议里说过的事").wait_for()
    assert server.client.get(f"/api/recordings/{recording}/questions").json() == []


def test_a_suggested_name_shows_its_quote_and_is_accepted(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.get_by_role("button", name="建议发言人名字").click()
    suggested = page.get_by_role("list", name="建议发言人名字")
    suggested.get_by_text("我是王芳").wait_for()
    assert newest(server, recording)["document"]["speakers"][2]["name"] is None
    suggested.get_by_role("button", name="采用“王芳”").click()

    page.get_by_role("list", name="文稿").get_by_role("button", name="更换发言人：王芳").first.wait_for()
    until(lambda: newest(server, recording)["document"]["speakers"][2]["name"] == "王芳")


def test_on_a_phone_a_citation_switches_to_the_text(page: "Page", server: Server, recording: str) -> None:
    job = server.client.post(f"/api/recordings/{recording}/minutes", json={}).raise_for_status().json()
    assert server.ended(job["id"])["status"] == "done"
    page.set_viewport_size({"width": 390, "height": 780})
    open_editor(page, recording)
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("heading", name="决议").wait_for()
    shown = page.get_by_role("list", name="文稿")
    assert not shown.is_visible()
    panel.get_by_role("button", name=re.compile("^听 .* 的原话")).first.click()

    shown.wait_for()
    panel.wait_for(state="hidden")


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_in_any_panel(
    page: "Page", server: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    path = f"/api/recordings/{recording}"
    for kind in ("polish", "minutes"):
        job = server.client.post(f"{path}/{kind}", json={}).raise_for_status().json()
        assert server.ended(job["id"])["status"] == "done"
    server.client.post(f"{path}/questions", json={"question": "接口联调完了吗？"}).raise_for_status()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    open_editor(page, recording)
    found = []
    for tab, there in (("纪要", "重写纪要"), ("润色", "再润色一遍"), ("提问", "清除提问记录")):
        open_tab(page, tab)
        page.get_by_role("button", name=there).wait_for()
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{tab} scrolls sideways"

    assert not found, "\n".join(found)


def test_without_a_language_model_the_panels_say_how_to_set_one_up(
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
            open_tab(window, tab)
            window.get_by_text("没有设置语言模型").wait_for()
            window.get_by_text("OPENAI_BASE_URL").wait_for()
        open_tab(window, "发言人")
        window.get_by_label("给发言人 1改名").wait_for()
        assert window.get_by_role("button", name="建议发言人名字").count() == 0
        context.close()
    finally:
        plain.close()
