"""The main journeys in a real browser, with the scripted engine: sign-in, upload, editing, accounts."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.sounds import talk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NO_ANIMATION = """document.getAnimations().every(
    (one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"""

AXE = Path(__file__).resolve().parent.parent.parent / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    """The id of a transcribed recording."""
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    return recording


def open_editor(page: "Page", recording: str) -> None:
    sign_in(page)
    page.goto(f"/recordings/{recording}")
    page.get_by_role("list", name="文稿").wait_for()


def saved(page: "Page") -> None:
    page.get_by_role("status").get_by_text("已保存", exact=True).wait_for()


#: The text of a segment as it was heard, although its numbers are shown as people write them.
_HEARD = """texts => texts.map((text) => {
  const copy = text.cloneNode(true);
  for (const number of copy.querySelectorAll("[title^=听到的是]")) number.replaceWith(number.title.split("：")[1]);
  return copy.textContent;
})"""


def words(page: "Page") -> list[str]:
    found: list[str] = page.get_by_role("list", name="文稿").get_by_role("textbox").evaluate_all(_HEARD)
    return found


def document(server: Server, recording: str) -> dict[str, list[dict[str, str]]]:
    read: dict[str, list[dict[str, str]]] = json.loads(server.text(recording))
    return read


def test_sign_in_returns_to_the_requested_page(page: "Page") -> None:
    page.goto("/account")
    page.get_by_label("用户名").fill("chief")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("alert").get_by_text("用户名或密码不对。").wait_for()

    page.get_by_label("密码").fill("a password of the tests")
    page.get_by_role("button", name="登录", exact=True).click()

    page.get_by_role("heading", name="我的账号").wait_for()
    assert page.url.endswith("/account")


def test_recordings_are_uploaded_watched_and_opened(page: "Page", server: Server, tmp_path: Path) -> None:
    sounds = [talk(tmp_path / f"{number} 例会 <b>录音.wav", seconds=40 + number) for number in (1, 2)]
    sign_in(page)
    page.get_by_role("button", name="上传录音").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(sounds)
    dialog.get_by_role("button", name="上传 2 个文件").wait_for()  # the files are listed and the layout is stable
    dialog.get_by_text("范围").click()
    dialog.get_by_label("至少").fill("2")
    dialog.get_by_label("至多").fill("4")
    dialog.get_by_role("button", name="上传 2 个文件").click()

    page.get_by_role("region", name="上传列表").get_by_text("已上传").nth(1).wait_for()
    row = page.get_by_role("row").filter(has_text="2 例会 <b>录音").first
    row.get_by_text("已完成").wait_for()
    newest = server.client.get("/api/jobs", params={"limit": 1}).json()["jobs"][0]
    assert newest["options"] == {"min_speakers": 2, "max_speakers": 4}

    row.get_by_role("link").click()
    page.get_by_role("list", name="文稿").wait_for()
    assert words(page)[0].startswith("大家早上好")


def test_a_job_is_watched_cancelled_and_retried(browser: "Browser", sound: Path, tmp_path: Path) -> None:
    steps = {"2": {"hang": True, "once": str(tmp_path / "hung")}}
    (tmp_path / "script.json").write_text(json.dumps({"transcribe": {"steps": steps}}))
    slow = Server(tmp_path, SCRIPT=str(tmp_path / "script.json"))
    slow.start()
    try:
        slow.upload(sound)
        page = browser.new_page(base_url=str(slow.client.base_url), locale="zh-CN")
        sign_in(page)
        row = page.get_by_role("row").filter(has_text=sound.stem)
        row.get_by_text("识别文字").wait_for()
        row.get_by_text(re.compile(r"^\d\d:\d\d / 00:45")).wait_for()

        row.get_by_role("button", name="的操作").click()
        page.get_by_role("menuitem", name="取消任务").click()
        row.get_by_text("已取消").wait_for()
        row.get_by_role("button", name="的操作").click()
        page.get_by_role("menuitem", name="重试").click()
        row.get_by_text("已完成").wait_for()

        slow.kill()
        page.get_by_text("实时连接断开了").wait_for()
        page.close()
    finally:
        slow.close()


def test_a_recording_is_found_renamed_and_deleted(page: "Page", server: Server, recording: str) -> None:
    sign_in(page)
    server.client.patch(
        f"/api/recordings/{recording}", json={"name": "<img src=x onerror=alert(2)>"}
    ).raise_for_status()
    page.get_by_label("按名称搜索").fill("alert(2)")
    page.get_by_label("按名称搜索").press("Enter")
    page.get_by_role("link", name="<img src=x onerror=alert(2)>").wait_for()

    page.get_by_role("button", name="“<img src=x onerror=alert(2)>”的操作").click()
    page.get_by_role("menuitem", name="重命名").click()
    page.get_by_label("新名称").fill("季度 alert(2) 复盘")
    page.get_by_label("新名称").press("Enter")
    page.get_by_role("link", name="季度 alert(2) 复盘").wait_for()

    page.get_by_role("button", name="“季度 alert(2) 复盘”的操作").click()
    page.get_by_role("menuitem", name="删除").click()
    page.get_by_text("没有名称含“alert(2)”的录音。").wait_for()
    assert server.client.get(f"/api/recordings/{recording}").status_code == 404


def test_text_is_corrected_and_survives_a_reload(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    first = page.get_by_role("list", name="文稿").get_by_role("textbox").first
    first.fill("大家晚上好，<script>alert(1)</script>我们开始。")
    first.press("Enter")
    saved(page)

    page.reload()
    page.get_by_role("list", name="文稿").wait_for()
    assert words(page)[0] == "大家晚上好，<script>alert(1)</script>我们开始。"
    segment = document(server, recording)["segments"][0]
    assert segment["source"] == "edited"
    assert [word[0] for word in segment["words"]][:5] == ["大", "家", "晚", "上", "好"]


def test_renaming_a_speaker_applies_everywhere_and_can_be_undone(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    shown = page.get_by_role("list", name="文稿")
    page.get_by_label("给发言人 1改名").fill("王芳")
    page.get_by_label("给发言人 1改名").press("Enter")
    until(lambda: shown.get_by_role("button", name="更换发言人：王芳").count() > 2)
    saved(page)
    assert "王芳" in server.text(recording, "txt")

    page.get_by_role("button", name="撤销").click()
    until(lambda: shown.get_by_role("button", name="更换发言人：王芳").count() == 0)
    saved(page)
    assert "王芳" not in server.text(recording, "txt")


def test_segments_are_split_merged_reassigned_and_deleted(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    before = words(page)
    rows = page.get_by_role("list", name="文稿").get_by_role("listitem")
    rows.nth(1).get_by_role("textbox").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    assert words(page)[1:3] == [before[1][:3], before[1][3:]]

    rows.nth(2).get_by_role("button", name="更换发言人").click()
    page.get_by_role("menuitem", name="新发言人").click()
    rows.nth(2).get_by_role("button", name="更换发言人：发言人 4").wait_for()

    rows.nth(1).get_by_role("textbox").focus()
    page.keyboard.press("Alt+m")
    assert words(page) == before
    rows.nth(1).get_by_role("textbox").focus()
    rows.nth(1).get_by_role("button", name="删除段落").click()
    assert words(page) == [before[0], *before[2:]]

    for _ in range(4):
        page.keyboard.press("Escape")
        page.get_by_role("button", name="撤销").click()
    assert words(page) == before
    saved(page)


def test_a_name_given_in_another_window_arrives_and_ones_own_words_stay(
    page: "Page", server: Server, recording: str
) -> None:
    open_editor(page, recording)
    server.client.patch(f"/api/recordings/{recording}/transcript/speakers/S1", json={"name": "李雷"}).raise_for_status()
    first = page.get_by_role("list", name="文稿").get_by_role("textbox").first
    first.fill("我的修改。")
    first.press("Enter")

    page.get_by_role("button", name="更换发言人：李雷").first.wait_for()
    until(lambda: "我的修改" in server.text(recording, "txt"))
    assert words(page)[0] == "我的修改。"
    assert document(server, recording)["speakers"][0]["name"] == "李雷"


def test_an_older_version_is_restored(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    before = words(page)
    first = page.get_by_role("list", name="文稿").get_by_role("textbox").first
    first.fill("错的。")
    first.press("Enter")
    saved(page)
    page.get_by_role("button", name="版本").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复").last.click()
    page.get_by_role("tooltip").get_by_role("button", name="恢复").click()
    until(lambda: words(page) == before)
    saved(page)
    until(lambda: document(server, recording)["segments"][0]["text"] == before[0])


def test_the_playing_word_is_highlighted_and_a_click_on_a_character_seeks(page: "Page", recording: str) -> None:
    open_editor(page, recording)
    rows = page.get_by_role("list", name="文稿").get_by_role("listitem")
    page.get_by_role("button", name="播放", exact=True).and_(page.locator(":enabled")).wait_for()
    rows.nth(2).get_by_role("button", name="播放").click()
    playing = "() => [...(CSS.highlights.get('playing') ?? [])].map(String).join()"
    until(lambda: page.evaluate(playing))
    until(lambda: rows.nth(2).get_attribute("data-playing") is not None)
    page.get_by_role("button", name="暂停").click()

    place = page.evaluate(
        """() => { const range = new Range(), node = document.querySelectorAll('.words')[0].firstChild;
        range.setStart(node, 3); range.setEnd(node, 4); const box = range.getBoundingClientRect();
        return [box.left + 2, box.top + box.height / 2]; }"""
    )
    page.mouse.click(*place)
    until(lambda: page.evaluate(playing) == "上")


def test_find_replaces_everywhere(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.keyboard.press("Control+f")
    page.get_by_label("查找内容").fill("录音")
    page.get_by_role("status").get_by_text(re.compile("第 1 处，共 \\d+ 处")).wait_for()
    page.get_by_label("替换为").fill("音频")
    page.get_by_role("button", name="全部替换…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^替换 \\d+ 处$")).click()
    page.get_by_role("status").get_by_text("没有找到").wait_for()
    saved(page)
    until(lambda: "两小时的音频" in server.text(recording, "txt"))


def test_five_thousand_segments_open_and_stay_usable(page: "Page", server: Server, recording: str) -> None:
    address = f"/api/recordings/{recording}/transcript"
    base = server.client.get(address).json()
    length = base["document"]["duration"] / 5000
    segments = [
        {"id": f"L{k}", "speaker": "S1", "start": k * length, "end": (k + 1) * length, "text": f"第{k}段。"}
        for k in range(5000)
    ]
    document_ = {"speakers": base["document"]["speakers"], "segments": segments}
    server.client.put(address, json={"based_on": base["number"], "document": document_}).raise_for_status()
    open_editor(page, recording)

    last = page.get_by_role("list", name="文稿").get_by_role("textbox").nth(4999)
    last.scroll_into_view_if_needed()
    last.fill("最后一段改过了。")
    with page.expect_response(lambda response: response.request.method == "PUT"):
        last.press("Enter")

    saved(page)
    assert document(server, recording)["segments"][4999]["text"] == "最后一段改过了。"


def test_typed_text_survives_an_expired_session(page: "Page", server: Server, recording: str) -> None:
    open_editor(page, recording)
    page.context.clear_cookies()  # without the refresh cookie the session cannot be renewed silently
    first = page.get_by_role("list", name="文稿").get_by_role("textbox").first
    first.fill("登录之前写的。")
    ended = {"status": 401, "json": {"code": "not_signed_in", "detail": "Sign in first."}}
    page.route("**/transcript", lambda route: route.fulfill(**ended), times=1)
    first.press("Enter")
    dialog = page.get_by_role("dialog", name="登录已过期")
    dialog.get_by_label("密码").fill("a password of the tests")
    dialog.get_by_role("button", name="登录", exact=True).click()
    saved(page)
    assert words(page)[0] == "登录之前写的。"
    until(lambda: "登录之前写的" in server.text(recording, "txt"))


def test_a_reload_restores_the_session_from_the_cookie(page: "Page", server: Server) -> None:
    sign_in(page)
    page.reload()
    page.get_by_role("link", name="管理").wait_for()
    ended = {"status": 401, "json": {"code": "not_signed_in", "detail": "Sign in first."}}
    page.route("**/api/admin/users*", lambda route: route.fulfill(**ended), times=1)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("button", name="新建用户").wait_for()

    assert not page.get_by_role("dialog", name="登录已过期").is_visible()


def test_an_admin_creates_and_disables_an_account(page: "Page", server: Server) -> None:
    sign_in(page)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("button", name="新建用户").click()
    page.get_by_role("dialog").get_by_label("用户名").fill("小张")
    page.get_by_role("dialog").get_by_label("密码").fill("小张的很长的密码 42")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    page.get_by_role("row", name=re.compile("小张")).wait_for()
    login = {"username": "小张", "password": "小张的很长的密码 42"}
    assert httpx.post(f"http://127.0.0.1:{server.port}/api/auth/login", data=login).status_code == 200

    page.get_by_label("小张是否启用").click()
    page.get_by_text("已保存。").wait_for()
    assert httpx.post(f"http://127.0.0.1:{server.port}/api/auth/login", data=login).status_code == 401


def test_english_and_dark_are_remembered(page: "Page") -> None:
    sign_in(page)
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Recordings").wait_for()
    page.get_by_role("button", name="Switch to dark").click()
    page.reload()

    page.get_by_role("heading", name="Recordings").wait_for()
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == ["en", "dark"]


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_any_page(page: "Page", recording: str, theme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    page.goto("/sign-in")
    page.get_by_role("button", name="登录", exact=True).wait_for()
    found = axe(page)
    sign_in(page)
    page.get_by_text("已完成").first.wait_for()
    found += axe(page)
    for path, there in ((f"/recordings/{recording}", "已保存"), ("/account", "配额与用量"), ("/admin", "新建用户")):
        page.goto(path)
        page.get_by_text(there).first.wait_for()
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"

    assert not found, "\n".join(found)


def axe(page: "Page") -> list[str]:
    until(lambda: page.evaluate(_NO_ANIMATION))
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{page.url} {one['id']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
