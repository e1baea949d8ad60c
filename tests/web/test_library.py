"""The library in a real browser, with the scripted engine: trash, sorting, renaming, export."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serving import PASSWORD, Server, until
from tests.web.conftest import sign_in
from tests.web.sounds import talk
from tests.web.test_journeys import AXE, axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("晨会", "周会", "评审")


@pytest.fixture
def recordings(server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The ids of three transcribed recordings by name; later ones are longer."""
    ids = {}
    for seconds, name in enumerate(NAMES, 3):
        id, job = server.upload(talk(tmp_path / f"{name}.wav", seconds=seconds), allow_duplicate="true")
        assert server.ended(job)["status"] == "done"
        ids[name] = id
    yield ids
    for id in ids.values():
        server.client.delete(f"/api/recordings/{id}?for_good=true")
        server.client.delete(f"/api/trash/{id}")


def names(page: "Page") -> list[str]:
    shown = page.locator(".recording-name").all_inner_texts()
    return [name for name in shown if name in NAMES]


def shows(page: "Page", *expected: str) -> None:
    until(lambda: names(page) == list(expected))


def choose(page: "Page", *chosen: str) -> None:
    for name in chosen:
        page.get_by_label(f"选择“{name}”").check()


def test_a_deleted_recording_comes_back_by_undo(page: "Page", server: Server, recordings: dict[str, str]) -> None:
    sign_in(page)
    page.get_by_role("button", name="“周会”的操作").click()
    page.get_by_role("menuitem", name="删除").click()
    page.get_by_text("已把 1 条录音移入回收站。").wait_for()
    shows(page, "评审", "晨会")
    assert server.client.get(f"/api/recordings/{recordings['周会']}").status_code == 404

    page.get_by_role("button", name="撤销").click()
    shows(page, "评审", "周会", "晨会")
    assert server.client.get(f"/api/recordings/{recordings['周会']}").status_code == 200


def test_several_recordings_are_deleted_then_restored_or_deleted_permanently(
    page: "Page", server: Server, recordings: dict[str, str]
) -> None:
    sign_in(page)
    choose(page, *NAMES)
    page.get_by_role("toolbar", name="批量操作").get_by_role("button", name="删除").click()
    page.get_by_text("已把 3 条录音移入回收站。").wait_for()
    shows(page)

    page.get_by_role("link", name="回收站").click()
    page.get_by_role("heading", name="回收站").wait_for()
    page.get_by_role("button", name="还原“晨会”").click()
    shows(page, "评审", "周会")
    page.get_by_role("button", name="永久删除“周会”").click()
    page.get_by_role("dialog").get_by_role("button", name="永久删除").click()
    shows(page, "评审")
    until(lambda: server.nothing_left_of(recordings["周会"]))
    page.get_by_role("button", name="清空回收站").click()
    page.get_by_role("dialog").get_by_role("button", name="清空回收站").click()
    page.get_by_text("回收站是空的。").wait_for()

    assert server.client.get("/api/trash").json()["total"] == 0
    assert server.client.get(f"/api/recordings/{recordings['晨会']}").status_code == 200


def test_sorting_and_filters_survive_a_reload(page: "Page", server: Server, recordings: dict[str, str]) -> None:
    newest = server.client.get("/api/jobs", params={"recording_id": recordings["评审"]}).json()["jobs"][0]
    (server.folder / "uploads" / recordings["评审"] / "original.wav").unlink()
    again = server.client.post(f"/api/recordings/{recordings['评审']}/jobs", json={"fresh": True}).json()
    assert again["id"] != newest["id"]
    assert server.ended(again["id"])["status"] == "failed"
    sign_in(page)
    shows(page, "评审", "周会", "晨会")
    length = page.get_by_role("columnheader", name="时长")
    length.click()
    length.and_(page.locator("[aria-sort=descending]")).wait_for()
    length.click()
    shows(page, "晨会", "周会", "评审")
    page.get_by_label("按状态筛选").click()
    page.get_by_title("已完成", exact=True).click()
    shows(page, "晨会", "周会")

    page.reload()
    shows(page, "晨会", "周会")
    page.get_by_label("按名称搜索").fill("没有这样的")
    page.get_by_label("按名称搜索").press("Enter")
    page.get_by_role("button", name="显示全部").click()
    shows(page, "晨会", "周会", "评审")


def test_a_row_shows_the_speakers_and_is_renamed_in_place(
    page: "Page", server: Server, recordings: dict[str, str]
) -> None:
    id = recordings["晨会"]
    speakers = server.client.get(f"/api/recordings/{id}/transcript").json()["document"]["speakers"]
    address = f"/api/recordings/{id}/transcript/speakers/{speakers[0]['id']}"
    server.client.patch(address, json={"name": "王芳"}).raise_for_status()
    sign_in(page)
    row = page.get_by_role("row").filter(has_text="晨会")
    row.get_by_role("cell", name="王芳", exact=True).wait_for()

    row.get_by_role("button", name="给“晨会”改名").click()
    page.get_by_label("新名称").fill("不要这个")
    page.get_by_label("新名称").press("Escape")
    row.get_by_role("button", name="给“晨会”改名").click()
    page.get_by_label("新名称").fill("十一月晨会")
    page.get_by_label("新名称").press("Enter")
    page.get_by_role("link", name="十一月晨会").wait_for()

    assert server.client.get(f"/api/recordings/{id}").json()["name"] == "十一月晨会"


def test_the_columns_and_the_row_height_stay_as_one_has_chosen_them(page: "Page", recordings: dict[str, str]) -> None:
    sign_in(page)
    shows(page, *reversed(NAMES))
    page.get_by_role("button", name="表格显示").click()
    page.get_by_role("checkbox", name="发言人", exact=True).uncheck()
    page.get_by_role("radiogroup", name="行高").get_by_text("紧凑").click()
    page.get_by_role("columnheader", name="发言人").wait_for(state="detached")
    page.reload()
    shows(page, *reversed(NAMES))

    assert page.get_by_role("columnheader", name="发言人").count() == 0
    assert page.locator(".ant-table-small").count() == 1


def test_several_transcripts_are_exported_as_one_archive(
    page: "Page", recordings: dict[str, str], tmp_path: Path
) -> None:
    sign_in(page)
    choose(page, "晨会", "周会")
    page.get_by_role("toolbar", name="批量操作").get_by_role("button", name="导出").click()
    with page.expect_download() as downloaded:
        page.get_by_role("dialog").get_by_role("button", name=re.compile("下载")).click()
    downloaded.value.save_as(tmp_path / "downloaded.zip")

    with zipfile.ZipFile(tmp_path / "downloaded.zip") as archive:
        assert sorted(name.rsplit(".", 1)[0] for name in archive.namelist()) == sorted(["晨会", "周会"])


def test_a_recording_is_transcribed_again_with_other_options(
    page: "Page", server: Server, recordings: dict[str, str]
) -> None:
    id = recordings["晨会"]
    sign_in(page)
    page.get_by_role("button", name="“晨会”的操作").click()
    page.get_by_role("menuitem", name="换选项重新转写").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("确切人数").click()
    dialog.get_by_label("人数", exact=True).fill("3")
    dialog.get_by_role("button", name="开始转写").click()
    page.get_by_text("已排队").wait_for()

    jobs = until(
        lambda: (found := server.client.get("/api/jobs", params={"recording_id": id}).json())["total"] == 2 and found
    )
    options = jobs["jobs"][0]["options"]
    assert (options["min_speakers"], options["max_speakers"]) == (3, 3)
    server.ended(jobs["jobs"][0]["id"])


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 1360), ("light", 390)])
def test_axe_finds_nothing_serious(
    page: "Page", server: Server, recordings: dict[str, str], theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    server.client.delete(f"/api/recordings/{recordings['评审']}")
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page)
    if theme == "dark":
        page.get_by_role("button", name="切换到深色").click()
    choose(page, "晨会")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="上传录音", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="更多选项").click()
    page.get_by_role("dialog").get_by_text("热词", exact=True).wait_for()
    assert axe(page) == []
    page.get_by_role("dialog").get_by_role("button", name="关闭").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("button", name="录音", exact=True).click()
    page.get_by_role("button", name="开始录音").wait_for()
    assert axe(page) == []
    page.get_by_role("link", name="录音库").click()
    page.get_by_role("link", name="回收站").click()
    page.get_by_role("button", name="还原“评审”").wait_for()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_name_uses_the_width_of_the_page(page: "Page", server: Server, tmp_path: Path) -> None:
    name = "产品与研发双周例会 十一月下半月"
    _, job = server.upload(talk(tmp_path / f"{name}.wav", seconds=4), allow_duplicate="true")
    assert server.ended(job)["status"] == "done"
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page)
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_text("已完成").wait_for()

    cell = row.get_by_role("cell").filter(has_text=name).bounding_box()
    assert cell is not None
    assert cell["width"] > 390 * 0.6
    assert page.get_by_role("columnheader").count() == 3  # selection, name, actions


def test_a_new_account_sees_how_to_start(page: "Page", server: Server) -> None:
    made = server.client.post("/api/admin/users", json={"username": "newcomer", "password": PASSWORD})
    assert made.status_code == 201, made.text
    sign_in(page, "newcomer")
    page.get_by_text("还没有录音").wait_for()
    until(lambda: page.get_by_role("button", name="上传录音").count() == 2)


def test_recordings_are_tagged_moved_and_filtered(page: "Page", recordings: dict[str, str]) -> None:
    sign_in(page)
    tree = page.get_by_role("navigation", name="文件夹")
    for name, opened in (("客户", "新建文件夹"), ("甲公司", "在里面新建…")):
        if opened == "新建文件夹":
            tree.get_by_role("button", name=opened).click()
        else:
            tree.get_by_role("button", name="文件夹“客户”的操作").click()
            page.get_by_role("menuitem", name=opened).click()
        page.get_by_role("textbox", name="名称").fill(name)
        page.get_by_role("dialog").get_by_role("button", name="保存").click()
        tree.get_by_text(name, exact=True).wait_for()
    choose(page, "晨会", "周会")
    page.get_by_role("button", name="移动到…").click()
    page.get_by_role("radio", name="客户 / 甲公司").check()
    page.get_by_role("dialog").get_by_role("button", name="移动", exact=True).click()
    tree.get_by_role("button", name="甲公司 2").wait_for()
    choose(page, "周会", "评审")
    page.get_by_role("button", name="标签…").click()
    page.get_by_label("新标签").fill("重要")
    page.get_by_label("新标签").press("Enter")
    page.get_by_role("checkbox", name="重要").and_(page.locator(":checked")).wait_for()
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    page.get_by_role("row").filter(has_text="评审").get_by_role("button", name="重要").click()
    shows(page, "评审", "周会")

    tree.get_by_role("button", name="客户 2").click()
    shows(page, "周会")
    page.reload()
    shows(page, "周会")
    tree.get_by_role("button", name="文件夹“客户”的操作").click()
    page.get_by_role("menuitem", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    shows(page, "评审", "周会")
    tree.get_by_text("客户", exact=True).wait_for(state="detached")
