"""The editor in long sessions: undo across reloads, two windows, versions, bulk actions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.test_journeys import AXE, axe, open_editor, saved, words

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a transcribed recording."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    return recording


@pytest.fixture
def window(server: Server, browser: "Browser") -> Iterator["Page"]:
    """A window in another browser context."""
    context = browser.new_context(base_url=str(server.client.base_url), locale="zh-CN")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def rows(page: "Page") -> "Locator":
    return page.get_by_role("list", name="文稿").get_by_role("listitem")


def write(page: "Page", number: int, text: str) -> None:
    """Change a segment and wait until it is saved."""
    with page.expect_response(lambda response: response.request.method == "PUT"):
        box = rows(page).nth(number).get_by_role("textbox")
        box.fill(text)
        box.press("Enter")


def newest(server: Server, recording: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.client.get(f"/api/recordings/{recording}/transcript").raise_for_status().json()
    return answer


def put(server: Server, recording: str, change: Any) -> None:
    """Save a version in which `change` has modified the newest segments and speakers."""
    base = newest(server, recording)
    document = {name: base["document"][name] for name in ("speakers", "segments")}
    change(document)
    body = {"based_on": base["number"], "document": document}
    server.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()


def test_undo_survives_a_reload_while_typing(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    before = words(page)
    write(page, 0, "第一次改。")
    page.get_by_label("给发言人 1改名").fill("王芳")
    page.get_by_label("给发言人 1改名").press("Enter")
    page.get_by_role("button", name="撤销").click()
    until(lambda: newest(server, recording)["document"]["speakers"][0]["name"] is None)
    saved(page)

    rows(page).nth(2).get_by_role("textbox").fill("还没有写完")
    page.reload()
    rows(page).nth(5).wait_for()
    assert [words(page)[0], words(page)[2]] == ["第一次改。", "还没有写完"]
    until(lambda: newest(server, recording)["document"]["segments"][2]["text"] == "还没有写完")

    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page)[2] == before[2])
    page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == before)
    page.get_by_role("button", name="重做").click()
    until(lambda: words(page)[0] == "第一次改。")
    saved(page)
    until(lambda: newest(server, recording)["document"]["segments"][0]["text"] == "第一次改。")


def test_the_stored_history_is_removed_at_sign_out(page: "Page", recording: str) -> None:
    stored = "Object.keys(localStorage).filter((key) => key.startsWith('meeting-asr.history'))"
    open_editor(page, recording)
    write(page, 0, "秘密。")
    until(lambda: page.evaluate(stored))

    page.get_by_role("button", name="账号菜单").click()
    page.get_by_role("menuitem", name="退出登录").click()
    page.get_by_label("用户名").wait_for()

    assert page.evaluate(stored) == []


@pytest.mark.parametrize("same_session", [False, True], ids=["on what the machine heard", "within one session"])
def test_only_the_segment_that_two_windows_changed_asks_and_survives_a_reload(
    page: "Page", window: "Page", server: Server, recording: str, same_session: bool
) -> None:
    open_editor(page, recording)
    if same_session:  # the next save replaces the version both windows start from
        write(page, 1, "早先的。")
    open_editor(window, recording)
    window.context.set_offline(True)  # so that the second window learns of nothing before its own save
    write(page, 0, "先到的。")
    write(page, 4, "只在这里改的。")
    for number, text in ((0, "后到的。"), (2, "那边改的。")):
        box = rows(window).nth(number).get_by_role("textbox")
        box.fill(text)
        box.press("Enter")
    window.context.set_offline(False)
    question = window.get_by_role("radiogroup", name=re.compile("保留哪一个"))
    question.filter(has_text="先到的。").filter(has_text="后到的。").wait_for()

    # Unsaved changes survive a reload and still do not overwrite the newer version.
    window.reload()
    question.filter(has_text="先到的。").filter(has_text="后到的。").wait_for()
    assert question.count() == 1
    until(lambda: words(window)[0] == "后到的。")
    assert newest(server, recording)["document"]["segments"][0]["text"] == "先到的。"

    question.get_by_label("两个都保留").check()
    window.get_by_role("button", name="保存选择").click()

    def saved_texts() -> list[str]:
        return [one["text"] for one in newest(server, recording)["document"]["segments"]]

    until(lambda: saved_texts()[:2] == ["先到的。", "后到的。"])
    saved(window)
    assert [saved_texts()[3], saved_texts()[5]] == ["那边改的。", "只在这里改的。"]


def test_two_people_edit_different_segments_and_nothing_is_lost_or_asked(
    page: "Page", window: "Page", server: Server, recording: str
) -> None:
    open_editor(page, recording)
    open_editor(window, recording)
    count = len(words(page))
    expected = words(page)
    for turn in range(3):  # at the same time: neither waits for the other
        for side, place in ((page, turn), (window, count - 1 - turn)):
            expected[place] = f"第{turn}轮写的第{place}句。"
            box = rows(side).nth(place).get_by_role("textbox")
            box.fill(expected[place])
            box.press("Control+s")

    def texts() -> list[str]:
        return [one["text"] for one in newest(server, recording)["document"]["segments"]]

    until(lambda: texts() == expected)
    for side in (page, window):
        saved(side)
        assert side.get_by_role("radiogroup", name=re.compile("保留哪一个")).count() == 0
        until(lambda side=side: words(side) == expected)  # a window is told at once what another one has saved

    # Undo takes back one's own sentence only.
    page.get_by_role("button", name="撤销").click()
    until(lambda: texts()[2] != expected[2])
    assert texts()[count - 3 :] == expected[count - 3 :]


def test_after_a_split_the_caret_is_in_the_second_half_and_its_times_can_be_moved(
    page: "Page", server: Server, recording: str
) -> None:
    open_editor(page, recording)
    before = newest(server, recording)["document"]["segments"][1]
    words_of_row = rows(page).nth(1).get_by_role("textbox")
    words_of_row.click()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    until(lambda: rows(page).nth(2).get_attribute("data-focused"))
    page.keyboard.press("Alt+3")
    rows(page).nth(2).get_by_role("button", name="更换发言人：发言人 3").wait_for()
    page.keyboard.type("嗯")
    assert words(page)[1:3] == [before["text"][:3], f"嗯{before['text'][3:]}"]

    page.keyboard.press("Alt+t")
    start = page.get_by_role("textbox", name="开始")
    until(lambda: start.evaluate("one => one === document.activeElement"))
    start.press("ArrowUp")
    start.press("Enter")
    saved(page)
    first, second = newest(server, recording)["document"]["segments"][1:3]
    assert second["start"] == pytest.approx(first["end"] + 0.1, abs=0.2)
    assert all(second["start"] <= word[1] for word in second["words"])
    until(lambda: rows(page).nth(2).get_by_role("textbox").evaluate("one => one === document.activeElement"))


def test_two_versions_are_compared_and_an_older_one_restored(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    before = words(page)
    write(page, 0, before[0].replace("大家", "各位"))
    page.get_by_label("给发言人 2改名").fill(HOSTILE)
    page.get_by_label("给发言人 2改名").press("Enter")
    until(lambda: newest(server, recording)["document"]["speakers"][1]["name"] == HOSTILE)
    saved(page)

    page.get_by_role("button", name="版本").click()
    drawer = page.get_by_role("dialog", name="版本")
    drawer.get_by_text("人工修改 · chief").first.wait_for()
    drawer.get_by_role("button", name="查看修改").first.click()
    drawer.get_by_text(f"“发言人 2”改名为“{HOSTILE}”").wait_for()
    drawer.get_by_text("1 段不同").wait_for()
    assert [drawer.locator("del").text_content(), drawer.locator("ins").text_content()] == ["删去：大家", "加上：各位"]

    drawer.get_by_role("button", name="恢复").click()
    page.get_by_role("tooltip").get_by_role("button", name="恢复").click()
    until(lambda: words(page) == before)
    until(lambda: newest(server, recording)["document"]["segments"][0]["text"] == before[0])


def test_many_segments_are_reassigned_merged_and_deleted_at_once(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    before = words(page)
    rows(page).nth(0).locator(".time").click(modifiers=["Control"])
    rows(page).nth(3).locator(".time").click(modifiers=["Shift"])
    rows(page).nth(5).get_by_role("checkbox").click()
    bar = page.get_by_role("region", name="批量操作")
    bar.get_by_text("已选 5 段").wait_for()
    bar.get_by_role("button", name="更换发言人").click()
    page.get_by_role("menuitem", name="发言人 3").click()
    for number in (0, 1, 2, 3, 5):
        rows(page).nth(number).get_by_role("button", name="更换发言人：发言人 3").wait_for()

    bar.get_by_role("button", name="合并相邻的").click()
    until(lambda: words(page)[:2] == ["".join(before[:4]), before[4]])
    bar.get_by_role("button", name="删除").click()
    until(lambda: words(page) == [before[4], *before[6:]])
    bar.get_by_role("button", name="结束选择").click()
    bar.wait_for(state="hidden")

    for _ in range(3):
        page.get_by_role("button", name="撤销").click()
    until(lambda: words(page) == before)


def test_segments_are_selected_by_keyboard(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    rows(page).nth(1).get_by_role("textbox").focus()
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.get_by_text("已选 3 段").wait_for()
    page.keyboard.press("Alt+3")

    for number in (1, 2, 3):
        rows(page).nth(number).get_by_role("button", name="更换发言人：发言人 3").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name=re.compile("^选中")).first.wait_for(state="detached")


def test_shortcuts_are_shown_with_mac_symbols_on_a_mac(page: "Page", recording: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'platform', { value: 'MacIntel' })")
    open_editor(page, recording)
    page.get_by_role("button", name="查找", exact=True).hover()
    page.get_by_role("tooltip").get_by_text("查找 (⌘F)").wait_for()

    rows(page).nth(1).get_by_role("textbox").focus()
    assert rows(page).nth(1).get_by_role("button", name="在光标处拆分").get_attribute("title") == "在光标处拆分 (⌘↩)"
    page.get_by_role("button", name="选择段落").click()
    page.get_by_text("按住 ⌘ / Shift 点击").wait_for()


def test_replacements_are_previewed_and_can_be_deselected(page: "Page", server: Server, recording: str) -> None:
    put(
        server,
        recording,
        lambda document: [one.update(text="接口和接口", words=[]) for one in document["segments"][:3]],
    )
    open_editor(page, recording)
    page.keyboard.press("Control+f")
    page.get_by_label("查找内容").fill("接口")
    page.get_by_label("替换为").fill(HOSTILE)
    page.get_by_role("button", name="全部替换…").click()
    preview = page.get_by_role("dialog", name="确认要替换的内容")
    preview.get_by_role("checkbox").nth(2).uncheck()
    until(lambda: preview.get_by_role("listitem").nth(0).inner_text().endswith(f"接口{HOSTILE}和接口"))
    preview.get_by_role("button", name=re.compile("^替换 \\d+ 处$")).click()

    until(lambda: words(page)[:2] == [f"{HOSTILE}和接口", f"{HOSTILE}和{HOSTILE}"])
    page.get_by_role("button", name="撤销").click()
    assert words(page)[:2] == ["接口和接口", "接口和接口"]


def test_review_flags_are_visited_and_confirmed_by_keyboard(page: "Page", server: Server, recording: str) -> None:
    def guess(document: Any) -> None:
        for number, one in enumerate(document["segments"]):
            one.update(confidence=0.3 if number in (2, 4) else 0.9, overlap=False)

    put(server, recording, guess)
    open_editor(page, recording)
    page.get_by_role("heading", name="待核对 2").wait_for()
    page.keyboard.press("Alt+Period")
    until(lambda: rows(page).nth(2).get_attribute("data-focused"))
    number = newest(server, recording)["document"]["segments"][2]["speaker"].removeprefix("S")
    page.keyboard.press(f"Alt+{number}")
    page.get_by_role("heading", name="待核对 1").wait_for()
    page.keyboard.press("Alt+Period")
    until(lambda: rows(page).nth(4).get_attribute("data-focused"))
    page.keyboard.press("Alt+Comma")

    assert rows(page).nth(4).get_attribute("data-focused")  # there is no earlier flag left
    until(lambda: newest(server, recording)["document"]["segments"][2]["confidence"] is None)


def test_audio_is_fetched_in_ranges_with_the_cookie_which_is_renewed(page: "Page", recording: str) -> None:
    sign_in(page)
    page.context.clear_cookies(name="meeting_asr_media")
    audio_requests: list[dict[str, str]] = []
    page.on("request", lambda one: one.url.endswith("/audio") and audio_requests.append(one.all_headers()))
    page.evaluate(
        f"history.pushState(null, '', '/recordings/{recording}'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()

    rows(page).nth(2).get_by_role("button", name="播放").click()
    until(lambda: page.evaluate("CSS.highlights.has('playing')"))
    page.get_by_role("button", name="暂停").click()

    by_cookie = [one for one in audio_requests if "authorization" not in one]
    assert ["cookie" in one for one in by_cookie] == [False, *[True] * (len(by_cookie) - 1)]
    assert len(by_cookie) > 1
    assert all(one["range"].startswith("bytes=") for one in audio_requests)


def test_user_text_is_never_rendered_as_markup(page: "Page", server: Server, recording: str) -> None:
    def poison(document: Any) -> None:
        document["speakers"][0]["name"] = HOSTILE
        document["segments"][0].update(text=f"一{HOSTILE}", words=[], overlap=True, second_speaker="S2")

    opened: list[str] = []
    page.on("dialog", lambda one: (opened.append(one.message), one.dismiss()))
    put(server, recording, poison)
    server.client.patch(f"/api/recordings/{recording}", json={"name": HOSTILE}).raise_for_status()
    open_editor(page, recording)
    rows(page).nth(0).get_by_role("button", name=f"更换发言人：{HOSTILE}").click()
    page.get_by_role("menuitem", name=HOSTILE).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"把{HOSTILE}合并到").wait_for()
    page.get_by_role("heading", name=HOSTILE).wait_for()

    assert words(page)[0] == f"一{HOSTILE}"
    assert page.locator("img[src=x]").count() == 0
    assert opened == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_in_version_comparison_and_bulk_selection(
    page: "Page", server: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    put(server, recording, lambda document: document["segments"][0].update(text="各位早上好。", confidence=0.2))
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    open_editor(page, recording)
    page.get_by_role("button", name="选择段落").click()
    rows(page).nth(1).get_by_role("checkbox").click()
    found = axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("menuitem", name="版本").click()
    page.get_by_role("dialog", name="版本").get_by_role("button", name="查看修改").click()
    page.get_by_text("1 段不同").wait_for()
    found += axe(page)

    assert not found, "\n".join(found)
