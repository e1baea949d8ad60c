"""Uploads and microphone recordings in a real browser, with the scripted engine."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving import Server, until
from tests.web.conftest import CHROMIUM, QUIET, sign_in
from tests.web.sounds import talk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Locator, Page

FAKE_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SLOWLY = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Three parts of a meeting, of different lengths."""
    return [talk(tmp_path / f"第{number}段.wav", seconds=number) for number in (1, 2, 3)]


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two megabytes: several seconds on a slow connection."""
    return talk(tmp_path / "长会.wav", seconds=120)


def choose(page: "Page", *files: Path) -> "Locator":
    page.get_by_role("button", name="上传录音").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(files)
    return dialog


def upload_list(page: "Page") -> "Locator":
    return page.get_by_role("region", name="上传列表")


def recordings(server: Server, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.client.get("/api/recordings", params={"q": name}).json()["items"]
    return found


def sha256(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def slow_down(page: "Page") -> "CDPSession":
    """Throttle the connection; return the session that can change it again."""
    session = page.context.new_cdp_session(page)
    session.send("Network.emulateNetworkConditions", SLOWLY)
    return session


def test_several_files_become_one_meeting_in_the_chosen_order(page: "Page", server: Server, parts: list[Path]) -> None:
    sign_in(page)
    dialog = choose(page, *parts)
    dialog.get_by_text("合成一场会议").click()
    dialog.get_by_label("会议名称").fill("三段合一")
    dialog.get_by_role("button", name="上移“第3段.wav”").press("Enter")
    dialog.get_by_role("list", name="要上传的文件").get_by_role("listitem").nth(1).drag_to(
        dialog.get_by_role("list", name="要上传的文件").get_by_role("listitem").nth(0)
    )
    shown = dialog.get_by_role("list", name="要上传的文件").get_by_role("listitem")
    until(lambda: [number_of(text) for text in shown.all_inner_texts()] == [3, 1, 2])
    dialog.get_by_role("button", name="作为一场会议上传").click()
    upload_list(page).get_by_text("已上传").wait_for()

    [meeting] = recordings(server, "三段合一")
    server.ended(meeting["job"]["id"])
    assert meeting["parts"] == 3
    for number, part in enumerate((parts[2], parts[0], parts[1]), 1):
        sent = server.client.get(f"/api/recordings/{meeting['id']}/original", params={"part": number}).content
        assert sha256(sent) == sha256(part.read_bytes())


def drop(page: "Page", at: "Locator", path: Path) -> None:
    """Drop a local file or folder on an element."""
    box = at.bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        held = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": step, "data": held, **place})


def test_a_dropped_folder_becomes_one_meeting_in_the_dragged_order(
    page: "Page", server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "董事会 十一月"
    folder.mkdir()
    parts = {number: talk(folder / f"第{number}段.wav", seconds=number) for number in (1, 2, 10)}
    (folder / ".DS_Store").write_bytes(b"what a Mac leaves in every folder")
    sign_in(page)
    drop(page, page.get_by_role("heading", name="录音库"), folder)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("会议名称").wait_for()
    assert dialog.get_by_label("会议名称").input_value() == "董事会 十一月"
    listed = dialog.get_by_role("list", name="要上传的文件").get_by_role("listitem")
    assert [number_of(text) for text in listed.all_inner_texts()] == [1, 2, 10]

    listed.nth(2).drag_to(listed.nth(0))
    until(lambda: [number_of(text) for text in listed.all_inner_texts()] == [10, 1, 2])
    dialog.get_by_role("button", name="作为一场会议上传").click()
    upload_list(page).get_by_text("已上传").wait_for()

    [meeting] = recordings(server, "董事会 十一月")
    assert server.ended(meeting["job"]["id"])["status"] == "done"
    assert meeting["parts"] == 3
    for number, part in enumerate((10, 1, 2), 1):
        sent = server.client.get(f"/api/recordings/{meeting['id']}/original", params={"part": number}).content
        assert sha256(sent) == sha256(parts[part].read_bytes())


def number_of(text: str) -> int:
    """The number of the part named in this text."""
    found = re.search(r"第(\d+)段", text)
    assert found is not None, text
    return int(found[1])


def test_an_upload_interrupted_by_a_reload_resumes(page: "Page", server: Server, long: Path) -> None:
    sign_in(page)
    slow_down(page)
    page.on("dialog", lambda dialog: dialog.accept())
    choose(page, long).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    page.reload()
    page.get_by_text("页面重新打开过").wait_for()
    [left] = until(lambda: [one for one in server.client.get("/api/uploads").json()["items"] if one["received"]])
    assert 0 < left["received"] < left["size"] == long.stat().st_size

    offsets: list[str | None] = []
    page.on(
        "request",
        lambda request: offsets.append(request.headers.get("upload-offset")) if request.method == "PATCH" else None,
    )
    with page.expect_file_chooser() as chooser:
        upload_list(page).get_by_role("button", name="选择文件，继续上传").click()
    chooser.value.set_files(long)
    upload_list(page).get_by_text("已上传").wait_for()

    assert offsets == [str(left["received"])]
    [meeting] = recordings(server, "长会")
    sent = server.client.get(f"/api/recordings/{meeting['id']}/original").content
    assert sha256(sent) == sha256(long.read_bytes())
    server.client.delete(f"/api/recordings/{meeting['id']}?for_good=true")


def test_a_different_file_does_not_resume_an_upload(page: "Page", long: Path, sound: Path) -> None:
    sign_in(page)
    slow_down(page)
    page.on("dialog", lambda dialog: dialog.accept())
    choose(page, long).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    page.reload()

    with page.expect_file_chooser() as chooser:
        upload_list(page).get_by_role("button", name="选择文件，继续上传").click()
    chooser.value.set_files(sound)
    page.get_by_text("这不是原来的文件").wait_for()
    upload_list(page).get_by_role("button", name="放弃上传“长会.wav”").click()

    upload_list(page).wait_for(state="detached")


def test_an_upload_survives_a_pause_and_a_lost_connection(page: "Page", server: Server, long: Path) -> None:
    sign_in(page)
    network = slow_down(page)
    choose(page, long).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    upload_list(page).get_by_role("button", name="暂停上传“长会.wav”").click()
    upload_list(page).get_by_text("已暂停").wait_for()
    upload_list(page).get_by_role("button", name="继续上传“长会.wav”").click()
    upload_list(page).get_by_text(re.compile(r"上传中 · (?!0 B)")).wait_for()
    network.send("Network.emulateNetworkConditions", SLOWLY | {"offline": True})
    upload_list(page).get_by_text("会自动继续，已传的不用重传").wait_for()
    network.send("Network.emulateNetworkConditions", SLOWLY)
    upload_list(page).get_by_text("已上传").wait_for()

    [meeting] = recordings(server, "长会")
    sent = server.client.get(f"/api/recordings/{meeting['id']}/original").content
    assert sha256(sent) == sha256(long.read_bytes())
    assert server.client.get("/api/uploads").json()["items"] == []
    server.client.delete(f"/api/recordings/{meeting['id']}?for_good=true")


def test_a_duplicate_is_offered_and_can_be_uploaded_anyway(page: "Page", server: Server, tmp_path: Path) -> None:
    file = talk(tmp_path / "同一个.wav", seconds=5)
    there, _ = server.upload(file)
    sign_in(page)
    choose(page, file).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text("你已经有一条内容完全相同的录音").wait_for()
    page.reload()  # the question is still there
    upload_list(page).get_by_text("你已经有一条内容完全相同的录音").wait_for()
    assert upload_list(page).get_by_role("link").get_attribute("href") == f"/recordings/{there}"
    upload_list(page).get_by_role("button", name="仍然再存一份").click()
    upload_list(page).get_by_text("已上传").wait_for()
    assert len(recordings(server, "同一个")) == 2

    choose(page, file).get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_role("link", name="打开已有的").click()
    page.wait_for_url(re.compile("/recordings/"))
    until(lambda: server.client.get("/api/uploads").json()["items"] == [])
    assert len(recordings(server, "同一个")) == 2


def test_unusable_files_are_reported(page: "Page", server: Server, tmp_path: Path) -> None:
    (tmp_path / "空.wav").touch()
    (tmp_path / "不是声音.wav").write_text("no sound at all " * 100)
    sign_in(page)
    dialog = choose(page, tmp_path / "空.wav")
    dialog.get_by_text("每个文件最大").wait_for()
    dialog.get_by_role("alert").get_by_text("空文件，不会上传：空.wav").wait_for()
    assert dialog.get_by_role("button", name="开始上传").is_disabled()

    dialog.locator("input[type=file]").set_input_files(tmp_path / "不是声音.wav")
    dialog.get_by_role("button", name="开始上传").click()
    upload_list(page).get_by_text("这不是音频或视频文件").wait_for()
    assert upload_list(page).get_by_role("listitem").count() == 1  # without the empty file
    page.reload()  # it is not tried again
    upload_list(page).get_by_text("这不是音频或视频文件").wait_for()
    upload_list(page).get_by_role("button", name="放弃上传“不是声音.wav”").click()
    until(lambda: server.client.get("/api/uploads").json()["items"] == [])


@pytest.fixture
def with_microphone(server: Server, browser: "Browser") -> Iterator["Page"]:
    """A window with a fake microphone that beeps."""
    loud = browser.browser_type.launch(executable_path=CHROMIUM, args=[*QUIET, *FAKE_MICROPHONE])
    page = loud.new_page(base_url=str(server.client.base_url), locale="zh-CN")
    page.set_default_timeout(30_000)
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    loud.close()


def begin_recording(page: "Page") -> None:
    page.get_by_role("button", name="录音", exact=True).click()
    assert page.get_by_role("button", name="开始录音").is_disabled()
    page.get_by_label("大家都知道并同意录音").check()
    page.get_by_role("button", name="开始录音").click()
    page.get_by_role("timer").get_by_text(re.compile("00:0[2-9]")).wait_for()


def test_a_microphone_recording_survives_a_reload_and_is_uploaded(with_microphone: "Page", server: Server) -> None:
    page = with_microphone
    sign_in(page)
    begin_recording(page)
    page.wait_for_function("Number(document.querySelector('[role=meter]').ariaValueNow) > 5")
    page.get_by_role("button", name="标记", exact=True).click()
    page.get_by_role("timer").get_by_text(re.compile("00:0[5-9]")).wait_for()  # the mark is stored with a piece
    page.reload()

    page.get_by_role("link", name="录音库").click()
    unfinished = page.get_by_role("region", name="未完成的上传")
    unfinished.get_by_text("录在这个浏览器里，还没有传到服务器。").wait_for()
    unfinished.get_by_role("button", name="上传", exact=True).click()
    upload_list(page).get_by_text("已上传").wait_for()

    [meeting] = recordings(server, "录音 20")
    assert server.ended(meeting["job"]["id"])["status"] == "done"
    stored = server.client.get(f"/api/recordings/{meeting['id']}").json()
    assert 1.5 < stored["duration"] < 60
    [mark] = stored["notes"]
    assert mark["text"] == ""
    assert 0 < mark["at"] < stored["duration"]
    page.reload()
    page.get_by_role("link", name=Path(meeting["name"]).stem).wait_for()
    assert page.get_by_role("region", name="未完成的上传").count() == 0
    server.client.delete(f"/api/recordings/{meeting['id']}?for_good=true")


def test_a_microphone_recording_goes_on_elsewhere_then_is_paused_stopped_and_uploaded(
    with_microphone: "Page", server: Server
) -> None:
    page = with_microphone
    sign_in(page)
    begin_recording(page)
    page.get_by_role("link", name="录音库").click()
    page.get_by_role("heading", name="录音库").wait_for()
    page.get_by_role("link", name="正在录音").click()
    page.get_by_label("记下此刻的要点").fill("预算要改")
    page.get_by_role("button", name="记下").click()
    page.get_by_label("名称").fill("走廊里的话")  # the library has a column of that name
    page.get_by_role("button", name="暂停").click()
    page.get_by_text("已暂停").first.wait_for()
    page.get_by_role("button", name="继续").click()
    page.get_by_role("button", name="结束并上传").click()
    upload_list(page).get_by_text("已上传").wait_for()

    [meeting] = recordings(server, "走廊里的话")
    assert meeting["name"] == "走廊里的话"
    assert server.ended(meeting["job"]["id"])["status"] == "done"
    notes = server.client.get(f"/api/recordings/{meeting['id']}").json()["notes"]
    assert [note["text"] for note in notes] == ["预算要改"]
    page.goto(f"/recordings/{meeting['id']}")
    page.get_by_role("list", name="标记和笔记").get_by_role("button", name="预算要改").click()
    place = page.get_by_role("slider", name="波形")
    until(lambda: abs(int(place.get_attribute("aria-valuenow") or 0) - notes[0]["at"]) < 2)
    server.client.delete(f"/api/recordings/{meeting['id']}?for_good=true")


def test_recording_without_permission_shows_what_to_do(page: "Page") -> None:
    sign_in(page)
    page.get_by_role("button", name="录音", exact=True).click()
    page.get_by_label("大家都知道并同意录音").check()
    page.get_by_role("button", name="开始录音").click()
    page.get_by_role("alert").get_by_text(re.compile("没有麦克风的使用权限|没有找到麦克风")).wait_for()
